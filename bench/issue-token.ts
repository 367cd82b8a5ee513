/** How many proofs a second become access tokens, over HTTP and durably. */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Secret } from '@mayfly/provider-kit'
import { startEmbeddedPostgres } from '../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { migrate } from '../packages/server/src/store/migrate.ts'
import { type Bench, median, quantile, rateResult, rounded } from './bench.ts'
import { makeBodies, makeIssuerKey } from './issue-token/workload.ts'

const inFlight = 32
const rounds = 9
const requestsInRound = 2_000
const warmUp = 1_500

/** A login by an OIDC token, as a pipeline or a pod does it: the same measurement under the name of the proof. */
export const loginOidc: Bench = benchOf('login-oidc')
export const issueToken: Bench = benchOf('issue-token')

function benchOf(name: string): Bench {
  return {
    name,
    about: `proofs to access tokens, ${inFlight} in flight, HTTP and durable commit included`,
    async run(say) {
      const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
      // Open to the user that PostgreSQL runs as where this runs as root; its data directory is closed in itself.
      await chmod(directory, 0o711)
      const password = new Secret(randomBytes(24).toString('base64url'))
      const server = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), superuserPassword: password })
      const superuserUrl = server.connectionUrl(server.superuser, password, 'postgres')
      const key = makeIssuerKey()
      const jwk = JSON.stringify(key.publicJwk)
      try {
        const { url } = await migrate(superuserUrl)
        await using own = await startProcess('issue-token/serve-ours.ts', [
          url,
          randomBytes(32).toString('base64url'),
          jwk,
        ])
        await using raw = await startProcess('limits/issue-token.ts', [superuserUrl, jwk])
        await measure(own.url, makeBodies(key, warmUp))
        await measure(raw.url, makeBodies(key, warmUp))
        const [ours, limit, latencies]: [number[], number[], number[]] = [[], [], []]
        for (let round = 0; round < rounds; round += 1) {
          const bodies = makeBodies(key, requestsInRound)
          const measured = await measure(own.url, bodies)
          const rawMeasured = await measure(raw.url, bodies)
          ours.push(measured.rate)
          limit.push(rawMeasured.rate)
          latencies.push(...measured.latenciesMs)
          say(`round ${round + 1} of ${rounds}: ${rounded(measured.rate)} and ${rounded(rawMeasured.rate)} a second`)
        }
        const also = { 'p50 ms': rounded(median(latencies)), 'p99 ms': rounded(quantile(latencies, 0.99)) }
        const limitIs = 'bare Fastify, verify, Cedar with 10 policies, sign, grouped durable append of one narrow row'
        return [rateResult(name, 'tokens/s', ours, limit, limitIs, also)]
      } finally {
        await server.stop('fast')
        await rm(directory, { recursive: true })
      }
    },
  }
}

interface ServerProcess extends AsyncDisposable {
  readonly url: string
}

/** A process that sends its URL once it listens, and ends when we let go of it. */
async function startProcess(file: string, args: readonly string[]): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const url = await new Promise<string>((done, fail) => {
    child.once('message', (message) => done((message as { url: string }).url))
    child.once('exit', (code) => fail(new Error(`${file} ended with ${code}`)))
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await ended
    },
  }
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
        await post(agent, url, body)
        latenciesMs.push(performance.now() - sentMs)
      }
    }),
  )
  const rate = (bodies.length * 1_000) / (performance.now() - startMs)
  agent.destroy()
  return { rate, latenciesMs }
}

function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }
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
