/** How many callers' tokens a second a service exchanges for a third audience, over HTTP and durably. */
import { Agent } from 'node:http'
import { type Bench, median, quantile, rateResult, rounded } from './bench.ts'
import { type IssuerKey, makeIssuerKey } from './issue-token/workload.ts'
import { openStore } from './open-store.ts'
import { getToken, postForm } from './token-exchange/post-form.ts'
import { signProof } from './token-exchange/sign-proof.ts'
import { startProcess } from './start-process.ts'
import { audience, callerOf, callers, serviceOf, services } from './token-exchange/workload.ts'

const inFlight = 32
const rounds = 9
const requestsInRound = 1_000
const warmUp = 1_000

export const tokenExchange: Bench = {
  name: 'token-exchange',
  about: `a caller's token and a service's token to one for a third audience, ${inFlight} in flight, HTTP and durable commit included`,
  async run(say) {
    await using store = await openStore()
    const key = makeIssuerKey()
    await using own = await startProcess('token-exchange/serve-ours.ts', [
      store.url,
      store.kek,
      JSON.stringify(key.publicJwk),
    ])
    await using raw = await startProcess('limits/token-exchange.ts', [store.superuserUrl])
    const [ours, limit, latencies]: [number[], number[], number[]] = [[], [], []]
    for (let round = -1; round < rounds; round += 1) {
      const count = round < 0 ? warmUp : requestsInRound
      // Tokens live five minutes: new ones for each round.
      const tokens = await getTokens(own.url, key)
      const measured = await measure(`${own.url}/oauth/token`, makeBodies(tokens, count))
      const rawMeasured = await measure(raw.url, makeBodies(await rawTokens(raw.url), count))
      if (round < 0) continue
      ours.push(measured.rate)
      limit.push(rawMeasured.rate)
      latencies.push(...measured.latenciesMs)
      say(`round ${round + 1} of ${rounds}: ${rounded(measured.rate)} and ${rounded(rawMeasured.rate)} a second`)
    }
    const also = { 'p50 ms': rounded(median(latencies)), 'p99 ms': rounded(quantile(latencies, 0.99)) }
    const limitIs =
      'bare Fastify, verify two tokens, Cedar with 10 policies, sign, grouped durable append of one narrow row'
    return [rateResult('token-exchange', 'exchanges/s', ours, limit, limitIs, also)]
  },
}

interface Tokens {
  readonly callers: readonly string[]
  readonly services: readonly string[]
}

async function getTokens(url: string, key: IssuerKey): Promise<Tokens> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const prove = (subject: string) =>
    getToken(agent, url, {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: signProof(key, subject),
    })
  const all = (count: number, subjectOf: (at: number) => string) =>
    Promise.all(Array.from({ length: count }, (_, at) => prove(subjectOf(at))))
  const tokens = { callers: await all(callers, callerOf), services: await all(services, serviceOf) }
  agent.destroy()
  return tokens
}

async function rawTokens(url: string): Promise<Tokens> {
  const tokens = (await (await fetch(url.replace('/token', '/tokens'))).json()) as readonly string[]
  return { callers: tokens, services: tokens }
}

function makeBodies(tokens: Tokens, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: tokens.callers[index % tokens.callers.length] ?? '',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      actor_token: tokens.services[(index * 7) % tokens.services.length] ?? '',
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: audience,
      scope: 'reader',
    }).toString(),
  )
}

interface Measured {
  readonly rate: number
  readonly latenciesMs: readonly number[]
}

async function measure(url: string, bodies: readonly string[]): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const latenciesMs: number[] = []
  const waiting = bodies.values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const body of waiting) {
        const sentMs = performance.now()
        const { status, text } = await postForm(agent, url, body)
        if (status !== 200) throw new Error(`answered ${status}: ${text.slice(0, 300)}`)
        latenciesMs.push(performance.now() - sentMs)
      }
    }),
  )
  const rate = (bodies.length * 1_000) / (performance.now() - startMs)
  agent.destroy()
  return { rate, latenciesMs }
}
