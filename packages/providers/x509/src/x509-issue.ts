/** Issues one certificate: for a key that the workload keeps, or for one made here and handed over. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import {
  type AlternativeNames,
  type CertificationRequest,
  emptyName,
  encodeName,
  encodePem,
  formatIpAddress,
  isX509Fault,
  MayflyError,
  oid,
  parseCertificationRequest,
  parseIpAddress,
  parsePem,
  parsePublicKey,
  type PublicKeyInfo,
} from '@mayfly/domain'
import {
  type AccountHandle,
  isKeyAllowed,
  type IssuedAccount,
  type IssueRequest,
  keyIdOf,
  publicKeyInfoOf,
  Secret,
  verifyCertificationRequest,
} from '@mayfly/provider-kit'
import { serialNumberOf } from './serial-number.ts'
import type { X509Permission } from './x509-permission.ts'
import type { X509Way } from './x509-way.ts'

/** Clocks of verifiers may be behind. */
const backdateMs = 60_000

const purposes = {
  server: oid.serverAuth,
  client: oid.clientAuth,
  code_signing: oid.codeSigning,
  email: oid.emailProtection,
} as const

/** @throws MayflyError `request_invalid` at `/public_key`, `target_refused` */
export function issueCertificate(
  { settings, authority, encode }: X509Way,
  handle: AccountHandle,
  request: IssueRequest<X509Permission>,
  signal: AbortSignal,
): IssuedAccount {
  if (signal.aborted || Date.now() >= request.createDeadlineAt.getTime()) {
    throw new MayflyError('target_timeout', { log: 'x509: the caller has gone, or its deadline has passed' })
  }
  const { permission, parameters, holder } = request
  const asked = holder?.publicKey === undefined ? undefined : readHolderKey(holder.publicKey, permission)
  const made = asked === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : undefined
  const publicKey = asked?.publicKey ?? (made && publicKeyInfoOf(made.publicKey))
  if (publicKey === undefined) throw new Error('a certificate has a key')
  const now = new Date()
  const notAfter = endOf(request.expiresAt, settings.max_ttl_seconds, authority.certificate.notAfter, now)
  const permitted = namesOf(permission, parameters)
  const serialNumber = serialNumberOf(handle.credentialId)
  const der = encode({
    serialNumber,
    subject: subjectOf(settings.organization, permission, parameters),
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter,
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    subjectAltName:
      asked?.request === undefined ? permitted : narrowed(asked.request, permitted, permission, parameters),
    basicConstraints: { isCa: false },
    keyUsage: publicKey.kind.keyType === 'RSA' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
    extendedKeyUsage: permission.uses.map((use) => purposes[use]),
  })
  const certificate = encodePem('CERTIFICATE', der)
  return {
    fields: {
      certificate_pem: certificate,
      chain_pem: certificate + authority.certificatePem,
      ca_certificate_pem: authority.certificatePem,
      serial_number: serialNumber,
      not_after: notAfter.toISOString(),
      ...(made && { private_key_pem: new Secret(made.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string) }),
    },
    boundTo: made === undefined ? 'key' : 'none',
    expiresAt: notAfter,
  }
}

/** Whole seconds, never later than asked; a certificate does not outlive who vouches for it. */
function endOf(expiresAt: Date, maxTtlSeconds: number, authorityEnds: Date, now: Date): Date {
  const endMs = Math.min(expiresAt.getTime(), now.getTime() + maxTtlSeconds * 1_000, authorityEnds.getTime())
  const notAfter = new Date(Math.floor(endMs / 1_000) * 1_000)
  if (notAfter > now) return notAfter
  throw new MayflyError('target_refused', {
    publicDetail: 'the authority ends before the certificate would begin',
    hint: 'enter a new authority for the resource',
  })
}

interface HolderKey {
  readonly publicKey: PublicKeyInfo
  /** Where it came with names and a proof of possession. */
  readonly request: CertificationRequest | undefined
}

/**
 * PEM: `CERTIFICATE REQUEST`, whose signature shows that the workload has the key, or `PUBLIC KEY`, where only who has the
 * key can use the certificate anyway.
 */
function readHolderKey(text: string, { key_types: allowed }: X509Permission): HolderKey {
  const pem = parsePem(text, ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST', 'PUBLIC KEY'])
  if (isX509Fault(pem)) throw badKey(pem.fault)
  const [block, ...more] = pem.blocks
  if (block === undefined || more.length > 0) throw badKey('it is not one block of PEM')
  let request: CertificationRequest | undefined
  let publicKey: PublicKeyInfo
  if (block.label === 'PUBLIC KEY') {
    const read = parsePublicKey(block.der)
    if (isX509Fault(read)) throw badKey(read.fault)
    publicKey = read
  } else {
    const read = parseCertificationRequest(block.der)
    if (isX509Fault(read)) throw badKey(read.fault)
    if (verifyCertificationRequest(read) !== 'valid') throw badKey('its signature is not one of its key')
    request = read
    publicKey = read.publicKey
  }
  requireUsableKey(publicKey, allowed)
  return { publicKey, request }
}

function requireUsableKey(publicKey: PublicKeyInfo, allowed: X509Permission['key_types']): void {
  const { kind } = publicKey
  const type = kind.keyType === 'EC' ? kind.curve : kind.keyType
  if (!(allowed as readonly string[]).includes(type) || !isKeyAllowed(publicKey)) {
    throw badKey(`a key of type ${type} is not permitted: ${allowed.join(', ')}`)
  }
  try {
    createPublicKey({ key: Buffer.from(publicKey.spki), format: 'der', type: 'spki' })
  } catch {
    throw badKey('it is no key: its point is not on its curve, or its numbers make none')
  }
}

function badKey(fault: string): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: `the public key cannot be used: ${fault}`,
    hint: 'send a PEM `CERTIFICATE REQUEST` or `PUBLIC KEY`',
    fields: [{ pointer: '/public_key', detail: fault }],
  })
}

function filled(template: string, parameters: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{([a-z][a-z0-9_]{0,62})\}/g, (_, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    // One label, or part of one: a value cannot bring dots, stars or other names along.
    if (value === undefined || !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)) {
      throw new MayflyError('target_refused', {
        publicDetail: `the role needs the parameter \`${name}\`, of letters, digits and hyphens`,
      })
    }
    return value.toLowerCase()
  })
}

function namesOf(
  { dns, ip, uri, email }: X509Permission,
  parameters: Readonly<Record<string, string>>,
): Required<AlternativeNames> {
  return {
    dns: dns.map((name) => filled(name, parameters)),
    ip: ip.map(plainIp),
    uri: uri.map((name) => filled(name, parameters)),
    email: email.map((name) => filled(name, parameters)),
  }
}

function plainIp(text: string): string {
  const bytes = parseIpAddress(text)
  if (bytes === undefined) throw new MayflyError('target_refused', { publicDetail: 'a name of the role is no address' })
  return formatIpAddress(bytes)
}

function subjectOf(
  organization: string | undefined,
  { common_name: name }: X509Permission,
  parameters: Readonly<Record<string, string>>,
): Uint8Array {
  if (name === undefined) return emptyName
  return encodeName([
    ...(organization === undefined ? [] : [{ type: 'O', value: organization } as const]),
    { type: 'CN', value: filled(name, parameters) },
  ])
}

/** Of what the role permits that which the request asks for; a request for more is refused, and one that asks for none has all. */
function narrowed(
  request: CertificationRequest,
  permitted: Required<AlternativeNames>,
  permission: X509Permission,
  parameters: Readonly<Record<string, string>>,
): AlternativeNames {
  const commonName = request.subject.attributes.find(({ type }) => type === 'CN')?.value
  const own = permission.common_name === undefined ? undefined : filled(permission.common_name, parameters)
  if (commonName !== undefined && commonName !== own && !permitted.dns.includes(commonName.toLowerCase())) {
    throw badKey(`the role does not permit the name \`${commonName.slice(0, 100)}\``)
  }
  const asked = request.subjectAltName
  if (asked === undefined) return permitted
  if (asked.otherForms.length > 0) throw badKey(`it asks for a ${asked.otherForms[0]}, which no role permits`)
  const wanted = {
    dns: asked.dns.map((name) => name.toLowerCase()),
    ip: asked.ip.map(plainIp),
    uri: asked.uri,
    email: asked.email,
  }
  for (const form of ['dns', 'ip', 'uri', 'email'] as const) {
    const refused = wanted[form].find((name) => !permitted[form].includes(name))
    if (refused !== undefined) throw badKey(`the role does not permit the name \`${refused.slice(0, 100)}\``)
  }
  return wanted
}
