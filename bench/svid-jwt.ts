/** How many JWT-SVIDs are minted a second: in the process on one core, and as a whole, over HTTP and durably. */
import { Agent, request } from 'node:http'
import {
  type AttestationId,
  type DecisionId,
  defaultTenantId,
  type IdentityId,
  newId,
  type PolicyVersionId,
  systemClock,
} from '@mayfly/domain'
import { parsePublicJwk } from '../packages/server/src/adapters/keys/jwk.ts'
import { makeKeyPair, openSigner } from '../packages/server/src/adapters/keys/signing-key.ts'
import { isSignedBy, readAccessToken, signAccessToken } from '../packages/server/src/application/proof/access-token.ts'
import { issueJwtSvid } from '../packages/server/src/application/spiffe/issue-jwt-svid.ts'
import { openPermitCache, type SvidPermit } from '../packages/server/src/application/spiffe/permit-svid.ts'
import type { SvidDeps } from '../packages/server/src/application/spiffe/spiffe-deps.ts'
import { type Bench, median, quantile, rateResult, rounded } from './bench.ts'
import { measureRawPairs } from './limits/svid-jwt.ts'
import { openStore } from './open-store.ts'
import { startProcess, type Told } from './start-process.ts'

const inFlight = 32
const wholeRounds = 7
const requestsInRound = 2_000
const rounds = 25
const mintsInRound = 500
/** What is signed of an access token and of a JWT-SVID, about. */
const signedSizeBytes = 400

export const svidJwt: Bench = {
  name: 'svid-jwt',
  about: 'minting JWT-SVIDs: verify the proof, permit, row and entry, sign; then the same over HTTP and durably',
  async run(say) {
    const whole = await measureWhole(say)
    return [whole, await measureInProcess(say)]
  },
}

/** All that one core does for an SVID, without the wire and without the database. */
async function measureInProcess(say: (line: string) => void) {
  const [accessKey, svidKey] = [makeKeyPair('ES256'), makeKeyPair('ES256')]
  const accessSigner = openSigner(accessKey.keyId, 'ES256', accessKey.privateKey)
  const svidSigner = openSigner(svidKey.keyId, 'ES256', svidKey.privateKey)
  const publicKey = parsePublicJwk(accessKey.publicJwk)
  const identityId = newId<IdentityId>()
  const attestationId = newId<AttestationId>()
  const now = new Date()
  const spiffeId = 'spiffe://bench.example/production/service/orders'
  const token = signAccessToken(accessSigner, {
    issuer: 'https://mayfly.bench.example',
    subject: spiffeId,
    clientId: identityId,
    tenantId: defaultTenantId,
    attestationId,
    issuedAt: now,
    expiresAt: new Date(now.getTime() + 300_000),
  }).reveal()
  const deps = {
    clock: systemClock,
    keys: { findOpenSigner: () => svidSigner },
    permits: openPermitCache({ clock: systemClock }),
    svids: { submit: async () => 'minted' as const },
  } as unknown as SvidDeps
  const permit = permitOf(identityId, attestationId, spiffeId, svidKey.keyId)
  const ctx = {
    tenantId: defaultTenantId,
    actor: { kind: 'identity', identityId, attestationId } as const,
    requestId: 'bench-request',
    sourceAddress: '127.0.0.1',
  }
  const key = [defaultTenantId, attestationId, attestationId, '127.0.0.1'].join(' ')
  const measure = async (): Promise<number> => {
    const startMs = performance.now()
    for (let at = 0; at < mintsInRound; at += 1) {
      const read = readAccessToken(token)
      if (read === undefined || !isSignedBy(read, publicKey)) throw new Error('the proof did not verify')
      await deps.permits.get(key, async () => permit)
      await issueJwtSvid(deps, ctx, { audiences: ['orders'] })
    }
    return (mintsInRound * 1_000) / (performance.now() - startMs)
  }
  const [ours, limit]: [number[], number[]] = [[], []]
  for (let round = -1; round < rounds; round += 1) {
    const [own, raw] = [await measure(), measureRawPairs(mintsInRound, signedSizeBytes)]
    // The first round warms up.
    if (round < 0) continue
    ours.push(own)
    limit.push(raw)
  }
  say(`in the process: ${rounded(median(ours))} and ${rounded(median(limit))} a second`)
  return rateResult('svid-jwt', 'SVIDs/s', ours, limit, 'raw ES256: verify one proof, sign once, one core')
}

function permitOf(
  identityId: IdentityId,
  attestationId: AttestationId,
  spiffeId: string,
  jwtKeyId: string,
): SvidPermit {
  const later = new Date(Date.now() + 86_400_000)
  return {
    decision: {
      outcome: 'permit',
      decisionId: newId<DecisionId>(),
      action: 'svid.issue',
      decidedAt: new Date(),
      policyVersionId: newId<PolicyVersionId>(),
      determining: ['the-proven-get-svids'],
      principal: {},
      resource: {},
      context: {},
      versions: [],
      duties: { maxTtlSeconds: 3_600 },
    },
    recorded: true,
    identityId,
    name: 'orders',
    spiffeId,
    identityExpiresAt: later,
    attestationId,
    freshUntil: later,
    dnsNames: [],
    held: ['policy_version', 'owner', 'identity', 'attestation'].map((table) => ({
      table: table as 'identity',
      id: newId(),
      version: 1,
    })),
    authorityKeyId: 'a'.repeat(40),
    jwtKeyId,
  }
}

async function measureWhole(say: (line: string) => void) {
  await using store = await openStore()
  await using own = await startProcess<Side>('svid-jwt/serve-ours.ts', [store.url, store.kek])
  await using raw = await startProcess<Side>('limits/svid-jwt.ts', [store.superuserUrl])
  for (const side of [own, raw]) await measureRequests(side, 1_000)
  const [ours, limit, latencies]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < wholeRounds; round += 1) {
    const measured = await measureRequests(own, requestsInRound)
    const rawMeasured = await measureRequests(raw, requestsInRound)
    ours.push(measured.rate)
    limit.push(rawMeasured.rate)
    latencies.push(...measured.latenciesMs)
    say(`round ${round + 1} of ${wholeRounds}: ${rounded(measured.rate)} and ${rounded(rawMeasured.rate)} a second`)
  }
  const also = { 'p50 ms': rounded(median(latencies)), 'p99 ms': rounded(quantile(latencies, 0.99)) }
  const limitIs = 'bare Fastify, verify, sign, grouped durable append of one narrow row'
  return rateResult('svid-jwt-whole', 'SVIDs/s', ours, limit, limitIs, also)
}

interface Side extends Told {
  readonly tokens: readonly string[]
}

async function measureRequests(side: Side, count: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const latenciesMs: number[] = []
  let next = 0
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const token = side.tokens[(next += 1) % side.tokens.length] ?? ''
        const sentMs = performance.now()
        await post(agent, side.url, token)
        latenciesMs.push(performance.now() - sentMs)
      }
    }),
  )
  const rate = (count * 1_000) / (performance.now() - startMs)
  agent.destroy()
  return { rate, latenciesMs }
}

const body = JSON.stringify({ audiences: ['orders'] })

function post(agent: Agent, url: string, token: string): Promise<void> {
  return new Promise((done, fail) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300 && text.includes('"token":"')) done()
        else fail(new Error(`answered ${response.statusCode}: ${text.slice(0, 300)}`))
      })
    })
    sent.on('error', fail)
    sent.end(body)
  })
}
