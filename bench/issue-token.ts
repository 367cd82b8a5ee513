/** How many proofs a second become access tokens, over HTTP and durably. */
import { Agent, request } from 'node:http'
import { type Bench, median, quantile, rateResult, rounded } from './bench.ts'
import { type IssuerKey, makeBodies, makeDpopProofs, makeIssuerKey } from './issue-token/workload.ts'
import { openStore } from './open-store.ts'
import { startProcess } from './start-process.ts'

const inFlight = 32
const rounds = 9
const requestsInRound = 2_000
const warmUp = 1_500

export const issueToken: Bench = {
  name: 'issue-token',
  about: `proofs to access tokens, bearer and bound to a key, ${inFlight} in flight, HTTP and durable commit included`,
  async run(say) {
    await using store = await openStore()
    const key = makeIssuerKey()
    const jwk = JSON.stringify(key.publicJwk)
    await using own = await startProcess('issue-token/serve-ours.ts', [store.url, store.kek, jwk])
    await using raw = await startProcess('limits/issue-token.ts', [store.superuserUrl, jwk])
    const limitIs = 'bare Fastify, verify, Cedar with 10 policies, sign, grouped durable append of one narrow row'
    return [
      await compare(say, {
        name: 'issue-token-dpop',
        key,
        own: own.url,
        raw: raw.url,
        limitIs: `${limitIs}; one verification and one row more`,
        bound: true,
      }),
      await compare(say, { name: 'issue-token', key, own: own.url, raw: raw.url, limitIs, bound: false }),
    ]
  },
}

interface Comparison {
  readonly name: string
  readonly key: IssuerKey
  readonly own: string
  readonly raw: string
  readonly limitIs: string
  /** True: with a proof of possession (RFC 9449) for each. */
  readonly bound: boolean
}

async function compare(say: (line: string) => void, comparison: Comparison) {
  const { name, key, own, raw, limitIs, bound } = comparison
  const makeRequests = async (count: number): Promise<readonly TokenRequest[]> => {
    const bodies = makeBodies(key, count)
    if (!bound) return bodies.map((body) => ({ body }))
    const proofs = makeDpopProofs(own, await askNonce(own), count)
    return bodies.map((body, index) => ({ body, dpop: proofs[index] ?? '' }))
  }
  await measure(own, await makeRequests(warmUp))
  await measure(raw, await makeRequests(warmUp))
  const [ours, limit, latencies]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round += 1) {
    const requests = await makeRequests(requestsInRound)
    const measured = await measure(own, requests)
    const rawMeasured = await measure(raw, requests)
    ours.push(measured.rate)
    limit.push(rawMeasured.rate)
    latencies.push(...measured.latenciesMs)
    say(`${name}, round ${round + 1} of ${rounds}: ${rounded(measured.rate)} and ${rounded(rawMeasured.rate)} a second`)
  }
  const also = { 'p50 ms': rounded(median(latencies)), 'p99 ms': rounded(quantile(latencies, 0.99)) }
  return rateResult(name, 'tokens/s', ours, limit, limitIs, also)
}

/** The refusal for want of a nonce brings one. */
async function askNonce(url: string): Promise<string> {
  const [dpop = ''] = makeDpopProofs(url, 'none', 1)
  const body = 'grant_type=client_credentials'
  const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop }
  const answer = await fetch(url, { method: 'POST', headers, body })
  const nonce = answer.headers.get('dpop-nonce')
  if (nonce === null) throw new Error(`answered ${answer.status} without a nonce`)
  return nonce
}

interface TokenRequest {
  readonly body: string
  readonly dpop?: string
}

interface Measured {
  readonly rate: number
  readonly latenciesMs: readonly number[]
}

async function measure(url: string, requests: readonly TokenRequest[]): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const latenciesMs: number[] = []
  const waiting = requests.values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const one of waiting) {
        const sentMs = performance.now()
        await post(agent, url, one)
        latenciesMs.push(performance.now() - sentMs)
      }
    }),
  )
  const rate = (requests.length * 1_000) / (performance.now() - startMs)
  agent.destroy()
  return { rate, latenciesMs }
}

function post(agent: Agent, url: string, { body, dpop }: TokenRequest): Promise<void> {
  return new Promise((done, fail) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      ...(dpop !== undefined && { dpop }),
    }
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes('"access_token":"')) done()
        else fail(new Error(`answered ${response.statusCode}: ${text.slice(0, 300)}`))
      })
    })
    sent.on('error', fail)
    sent.end(body)
  })
}

/** A login by an OIDC token, as a pipeline or a pod does it: the same measurement, under the name of the proof. */
export const loginOidc: Bench = {
  name: 'login-oidc',
  about: issueToken.about,
  run: async (say) =>
    (await issueToken.run(say)).map((result) =>
      'bench' in result ? { ...result, bench: result.bench.replace('issue-token', 'login-oidc') } : result,
    ),
}
