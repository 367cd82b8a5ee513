/** Issues X509-SVIDs (SPIFFE X509-SVID): for a public key, for a request (PKCS #10), or with a key made for the caller. */
import { generateKeyPairSync } from 'node:crypto'
import {
  type AttestationId,
  isX509Fault,
  MayflyError,
  parseCertificationRequest,
  parsePublicKey,
  type PublicKeyInfo,
} from '@mayfly/domain'
import {
  isKeyAllowed,
  isSoundKey,
  keyIdOf,
  publicKeyInfoOf,
  Secret,
  verifyCertificationRequest,
} from '@mayfly/provider-kit'
import { findAuthorityByKeyId } from '../../store/authority-rows.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { RequestContext } from '../context.ts'
import type { OpenAuthority } from './authority-keys.ts'
import { mintSvid } from './mint-svid.ts'
import type { SvidPermit } from './permit-svid.ts'
import { crlUrlOf, type SvidDeps } from './spiffe-deps.ts'
import { defaultX509TtlSeconds, maxX509TtlSeconds } from './svid-life.ts'

export interface X509SvidInput {
  readonly attestationId?: AttestationId | undefined
  readonly key:
    /** SubjectPublicKeyInfo, DER. */
    | { readonly from: 'public_key'; readonly spki: Uint8Array }
    /** PKCS #10, DER. */
    | { readonly from: 'request'; readonly der: Uint8Array }
    | { readonly from: 'made' }
  readonly ttlSeconds?: number | undefined
  readonly dnsNames?: readonly string[] | undefined
}

export interface IssuedX509Svid {
  readonly spiffeId: string
  /** The identity's name: tells several SVIDs of one workload apart. */
  readonly hint: string
  readonly serialNumber: string
  /** DER, the leaf first. */
  readonly certificates: readonly Uint8Array[]
  /** PKCS #8, DER, base64: only where the key was made here; kept nowhere. */
  readonly privateKey?: Secret
  readonly notBefore: Date
  readonly notAfter: Date
  readonly receipt: AuditReceipt
}

/** @throws MayflyError `request_invalid`: the key, the request or a name cannot be certified; else as `mintSvid` */
export async function issueX509Svid(
  deps: SvidDeps,
  ctx: RequestContext,
  input: X509SvidInput,
): Promise<IssuedX509Svid> {
  const asked = readKey(input.key)
  const dnsNames = input.dnsNames ?? []
  const ask = { attestationId: input.attestationId }
  const term = {
    kind: 'x509',
    ttlSeconds: input.ttlSeconds,
    defaultTtlSeconds: defaultX509TtlSeconds,
    maxTtlSeconds: maxX509TtlSeconds,
  } as const
  const subjectKeyId = keyIdOf(asked.publicKey)
  const ready = await mintSvid(deps, ctx, ask, term, {
    faultOf: (permit) => requestedIdFault(asked.requestedUris, permit) ?? dnsNameFault(dnsNames, permit),
    authorityEnd: async (permit) => (await authorityOf(deps, ctx, permit)).notAfter,
    body: {
      subject_key_id: Buffer.from(subjectKeyId).toString('hex'),
      ...(dnsNames.length === 0 ? {} : { dns_names: dnsNames }),
    },
  })
  const { permit, serialNumber, issuedAt, ttlSeconds, receipt } = ready
  const authority = await authorityOf(deps, ctx, permit)
  const svid = authority.svid(
    {
      spiffeId: permit.spiffeId,
      publicKey: asked.publicKey,
      subjectKeyId,
      serialNumber,
      now: issuedAt,
      ttlSeconds,
      dnsNames,
    },
    await crlUrlOf(deps, ctx.tenantId, authority.keyId),
  )
  return {
    spiffeId: permit.spiffeId,
    hint: permit.name,
    serialNumber,
    certificates: [svid.der, ...authority.chain],
    ...(asked.privateKey === undefined ? {} : { privateKey: asked.privateKey }),
    notBefore: svid.notBefore,
    notAfter: svid.notAfter,
    receipt,
  }
}

interface AskedKey {
  readonly publicKey: PublicKeyInfo
  readonly privateKey?: Secret
  /** URIs that a request names. */
  readonly requestedUris: readonly string[]
}

function readKey(key: X509SvidInput['key']): AskedKey {
  switch (key.from) {
    case 'made': {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const pkcs8 = new Secret(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'))
      return { publicKey: publicKeyInfoOf(publicKey), privateKey: pkcs8, requestedUris: [] }
    }
    case 'public_key': {
      const publicKey = parsePublicKey(key.spki)
      if (isX509Fault(publicKey)) throw invalid('/public_key', publicKey.fault)
      if (!isKeyAllowed(publicKey) || !isSoundKey(publicKey)) throw invalid('/public_key', keyAdvice)
      return { publicKey, requestedUris: [] }
    }
    case 'request': {
      const request = parseCertificationRequest(key.der)
      if (isX509Fault(request)) throw invalid('/csr', request.fault)
      switch (verifyCertificationRequest(request)) {
        case 'valid':
          return { publicKey: request.publicKey, requestedUris: request.subjectAltName?.uri ?? [] }
        case 'key_not_allowed':
          throw invalid('/csr', keyAdvice)
        case 'algorithm_not_allowed':
          throw invalid('/csr', 'it is signed with an algorithm that is not accepted')
        case 'invalid':
          throw invalid('/csr', 'it is not signed with the key that it names')
      }
    }
  }
}

const keyAdvice = 'the key must be a sound EC P-256 or P-384, Ed25519, or RSA key of 2048 to 8192 bits'

/** A request may name what it gets anyway; anything else it may not get is refused rather than dropped. */
function requestedIdFault(uris: readonly string[], { spiffeId }: SvidPermit): MayflyError | undefined {
  if (uris.every((uri) => uri === spiffeId) && uris.length <= 1) return undefined
  return invalid('/csr', `it names another identity than \`${spiffeId}\`: leave the URI out, or name that`)
}

/** A name in a certificate opens doors at whoever checks names only, so the registry says which there may be. */
function dnsNameFault(names: readonly string[], { dnsNames, name }: SvidPermit): MayflyError | undefined {
  for (const [at, wanted] of names.entries()) {
    if (dnsNames.includes(wanted)) continue
    return new MayflyError('request_invalid', {
      publicDetail: `\`${wanted}\` is not a name of the identity \`${name}\``,
      hint: 'list its names in its attribute `dns_names`, separated by spaces',
      fields: [{ pointer: `/dns_names/${at}`, detail: 'the registry does not list it' }],
    })
  }
  return undefined
}

async function authorityOf(deps: SvidDeps, ctx: RequestContext, permit: SvidPermit): Promise<OpenAuthority> {
  const { authorityKeyId } = permit
  return (
    deps.authorities.find(authorityKeyId) ??
    (await deps.database.transaction(ctx.tenantId, async (tx) => {
      const row = await findAuthorityByKeyId(tx, authorityKeyId)
      if (row === undefined) throw new MayflyError('key_unusable', { log: `no authority ${authorityKeyId}` })
      return deps.authorities.open(tx, row)
    }))
  )
}

function invalid(pointer: string, detail: string): MayflyError {
  return new MayflyError('request_invalid', { publicDetail: detail, fields: [{ pointer, detail }] })
}
