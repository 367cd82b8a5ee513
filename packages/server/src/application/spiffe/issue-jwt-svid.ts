/** Issues JWT-SVIDs (SPIFFE JWT-SVID): ES256, for named audiences, five minutes where nobody asks for less. */
import type { AttestationId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { Signer } from '../../adapters/keys/signing-key.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { RequestContext } from '../context.ts'
import { mintSvid } from './mint-svid.ts'
import type { SvidDeps } from './spiffe-deps.ts'
import { defaultJwtTtlSeconds, maxJwtTtlSeconds } from './svid-life.ts'

export interface JwtSvidInput {
  readonly attestationId?: AttestationId | undefined
  /** At least one, each exactly as its verifier knows it. */
  readonly audiences: readonly [string, ...string[]]
  readonly ttlSeconds?: number | undefined
}

export interface IssuedJwtSvid {
  readonly spiffeId: string
  readonly hint: string
  readonly token: Secret
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly receipt: AuditReceipt
}

/** @throws MayflyError as `mintSvid`; `policy_denied`: the permit obliges to bind, and a JWT-SVID is not bound to anything */
export async function issueJwtSvid(deps: SvidDeps, ctx: RequestContext, input: JwtSvidInput): Promise<IssuedJwtSvid> {
  const ask = { attestationId: input.attestationId }
  const term = {
    kind: 'jwt',
    ttlSeconds: input.ttlSeconds,
    defaultTtlSeconds: defaultJwtTtlSeconds,
    maxTtlSeconds: maxJwtTtlSeconds,
  } as const
  const ready = await mintSvid(deps, ctx, ask, term, {
    faultOf: () => undefined,
    authorityEnd: async () => undefined,
    body: { audiences: input.audiences },
  })
  const { permit, serialNumber, issuedAt, expiresAt, receipt } = ready
  const signer =
    deps.keys.findOpenSigner(permit.jwtKeyId) ??
    (await deps.database.transaction(ctx.tenantId, (tx) => deps.keys.signerOf(tx, permit.jwtKeyId)))
  return {
    spiffeId: permit.spiffeId,
    hint: permit.name,
    token: signJwtSvid(signer, {
      spiffeId: permit.spiffeId,
      audiences: input.audiences,
      serialNumber,
      issuedAt,
      expiresAt,
    }),
    issuedAt,
    expiresAt,
    receipt,
  }
}

export interface JwtSvidClaims {
  readonly spiffeId: string
  readonly audiences: readonly [string, ...string[]]
  readonly serialNumber: string
  readonly issuedAt: Date
  readonly expiresAt: Date
}

/** Header `alg`, `kid` and `typ` and nothing else (section 2); `jti` names the SVID's row, so that its end can be asked for. */
export function signJwtSvid(signer: Signer, claims: JwtSvidClaims): Secret {
  const payload = {
    sub: claims.spiffeId,
    aud: claims.audiences,
    exp: Math.floor(claims.expiresAt.getTime() / 1000),
    iat: Math.floor(claims.issuedAt.getTime() / 1000),
    jti: claims.serialNumber,
  }
  const signedText = `${headerOf(signer)}.${encode(payload)}`
  const signature = Buffer.from(signer.sign(Buffer.from(signedText, 'latin1'))).toString('base64url')
  return new Secret(`${signedText}.${signature}`)
}

const headers = new WeakMap<Signer, string>()

function headerOf(signer: Signer): string {
  const known = headers.get(signer)
  if (known !== undefined) return known
  const header = encode({ alg: signer.algorithm, kid: signer.keyId, typ: 'JWT' })
  headers.set(signer, header)
  return header
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')
}
