/** Issues one certificate: for a key that the workload keeps, or for one made here and handed over. */
import {
  type AlternativeNames,
  type CertificationRequest,
  emptyName,
  encodeName,
  encodePem,
  formatIpAddress,
  MayflyError,
  oid,
  parseIpAddress,
} from '@mayfly/domain'
import {
  type AccountHandle,
  badHolderKey,
  fillPlaces,
  rememberByText,
  type IssuedAccount,
  type IssueRequest,
  keyIdOf,
  readPemHolderKey,
  requireParametersUsed,
  serialNumberOf,
} from '@mayfly/provider-kit'
import { makeKey } from './make-key.ts'
import { type X509Permission, x509Permission } from './x509-permission.ts'
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
  const { parameters, holder } = request
  const permission = parsePermission(request.permission)
  const { common_name: name = '', dns, uri, email } = permission
  requireParametersUsed([name, ...dns, ...uri, ...email], parameters)
  const asked = holder?.publicKey === undefined ? undefined : readPemHolderKey(holder.publicKey, permission.key_types)
  const made = asked === undefined ? makeKey() : undefined
  const publicKey = asked?.publicKey ?? made?.publicKey
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
      ...(made && { private_key_pem: made.privateKeyPem }),
    },
    boundTo: made === undefined ? 'key' : 'none',
    expiresAt: notAfter,
  }
}

/** What was stored may be of another version, and its words go under a signature: judged again. */
const parsePermission = rememberByText((given: X509Permission): X509Permission => {
  const parsed = x509Permission.safeParse(given)
  if (parsed.success) return parsed.data
  throw new MayflyError('target_refused', {
    log: `x509: permission: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
    publicDetail: 'the permission of the role is not valid for certificates',
  })
}, 100)

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

// One label, or part of one: a value cannot bring dots, stars or other names along.
const labelShape = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

function filled(template: string, parameters: Readonly<Record<string, string>>): string {
  const lowered = Object.entries(parameters).map(([name, value]) => [name, value.toLowerCase()])
  return fillPlaces(template, Object.fromEntries(lowered), labelShape)
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
    throw badHolderKey(`the role does not permit the name \`${commonName.slice(0, 100)}\``)
  }
  const asked = request.subjectAltName
  if (asked === undefined) return permitted
  if (asked.otherForms.length > 0) throw badHolderKey(`it asks for a ${asked.otherForms[0]}, which no role permits`)
  const wanted = {
    dns: asked.dns.map((name) => name.toLowerCase()),
    ip: asked.ip.map(plainIp),
    uri: asked.uri,
    email: asked.email,
  }
  for (const form of ['dns', 'ip', 'uri', 'email'] as const) {
    const refused = wanted[form].find((name) => !permitted[form].includes(name))
    if (refused !== undefined) throw badHolderKey(`the role does not permit the name \`${refused.slice(0, 100)}\``)
  }
  return wanted
}
