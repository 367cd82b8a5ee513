/** The authority on a database and a clock of the test's own, below HTTP. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type AttestationId, defaultTenantId } from '@mayfly/domain'
import { privateKeyTokens } from '@mayfly/client'
import type { RequestContext } from '../../../packages/server/src/application/context.ts'
import { authenticateAccessToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { ensureAuthorities } from '../../../packages/server/src/application/spiffe/ensure-authorities.ts'
import { issueJwtSvid } from '../../../packages/server/src/application/spiffe/issue-jwt-svid.ts'
import { issueX509Svid } from '../../../packages/server/src/application/spiffe/issue-x509-svid.ts'
import { openSpiffe, type SvidDeps } from '../../../packages/server/src/application/spiffe/spiffe-deps.ts'
import { getBundleDocument } from '../../../packages/server/src/application/spiffe/trust-bundle.ts'
import type { UpstreamAuthority } from '../../../packages/server/src/application/spiffe/upstream-authority.ts'
import type { Tx } from '../../../packages/server/src/store/database.ts'
import {
  movableClock,
  type ProofServer,
  registerBoundKeys,
  registerWorkload,
  startProofServer,
} from '../proof/proof-server.ts'

export interface Workload {
  readonly name: string
  readonly identityId: string
  readonly spki: Buffer
  /** Proves anew, and gives who it is then. */
  prove(): Promise<RequestContext>
}

export interface SpiffeFixture extends AsyncDisposable {
  readonly server: ProofServer
  readonly spiffe: SvidDeps
  inTenant<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  workload(name: string, kind?: 'service' | 'job'): Promise<Workload>
  x509(
    ctx: RequestContext,
    more?: { attestationId?: AttestationId; ttlSeconds?: number },
  ): ReturnType<typeof issueX509Svid>
  jwt(ctx: RequestContext, attestationId?: AttestationId): ReturnType<typeof issueJwtSvid>
  bundle(): ReturnType<typeof getBundleDocument>
}

export async function startSpiffe(
  options: {
    readonly upstream?: UpstreamAuthority
    readonly freshForSeconds?: number
    /** Its clock begins so many days ago. */
    readonly daysAgo?: number
  } = {},
): Promise<SpiffeFixture> {
  const clock = movableClock()
  clock.forward(-86_400 * (options.daysAgo ?? 0))
  const server = await startProofServer({ clock })
  const spiffe = openSpiffe(server.proof, {
    keys: server.keys,
    tenants: server.proof.tenants,
    trustDomain: 'example.org',
    upstream: options.upstream,
  })
  await ensureAuthorities(spiffe, defaultTenantId)
  await registerBoundKeys(server, options.freshForSeconds ?? 86_400)
  const inTenant = <T>(work: (tx: Tx) => Promise<T>) => spiffe.database.transaction(defaultTenantId, work)
  return {
    server,
    spiffe,
    inTenant,
    async workload(name, kind = 'service') {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const { identityId } = await registerWorkload(server, {
        name,
        kind,
        trustProvider: 'keys',
        publicJwk: publicKey.export({ format: 'jwk' }),
      })
      return {
        name,
        identityId,
        spki: publicKey.export({ format: 'der', type: 'spki' }),
        prove: () => proveAs(server, name, privateKey),
      }
    },
    x509: (ctx, more = {}) => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const spki = publicKey.export({ format: 'der', type: 'spki' })
      return issueX509Svid(spiffe, ctx, { key: { from: 'public_key', spki }, ...more })
    },
    jwt: (ctx, attestationId) => issueJwtSvid(spiffe, ctx, { attestationId, audiences: ['orders'] }),
    bundle: () => inTenant(getBundleDocument),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function proveAs(server: ProofServer, clientId: string, privateKey: KeyObject): Promise<RequestContext> {
  const now = () => server.clock.now()
  const tokens = privateKeyTokens({ baseUrl: server.url, clientId, privateKey, now })
  const token = await tokens()
  if (token === undefined) throw new Error('no token was given')
  const { tenantId, actor } = await authenticateAccessToken(server.proof, { token, scheme: 'Bearer' })
  return { tenantId, actor, requestId: 'test-request', sourceAddress: '127.0.0.1' }
}
