/**
 * How long after a revocation is asked for at one server until everything refuses at another, which shares the database:
 * introspection, an exchange for something newer, the renewal of an SVID, the status list, and the stream of the Workload
 * API at a host agent that follows that other server. All but the stream are asked every few milliseconds, from the asking
 * of the revocation on; the stream is ended by the agent. Both servers run whole, with their workers.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { inflateSync } from 'node:zlib'
import { type Bench, type BenchResult, median, quantile, rounded } from './bench.ts'
import { openStore } from './open-store.ts'
import { openStream, type OpenStream } from './revocation-visible/open-stream.ts'
import { audience, postJson, proveAt, register, selector, type Workloads } from './revocation-visible/workload.ts'
import { startProcess } from './start-process.ts'
import { getToken, postForm } from './token-exchange/post-form.ts'

const samples = 200
/** Between two questions of one kind: without it the asking alone would fill the machine's cores. */
const pauseMs = 5

export const revocationVisible: Bench = {
  name: 'revocation-visible',
  about: 'a revocation at one server until another refuses: introspection, exchange, renewal, status list, stream',
  async run(say) {
    const dir = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
    const agent = new Agent({ keepAlive: true })
    try {
      await using store = await openStore()
      const bootstrapFile = join(dir, 'bootstrap')
      const serve = [store.url, store.kek, bootstrapFile]
      await using one = await startProcess('revocation-visible/serve-whole.ts', serve)
      await using other = await startProcess('revocation-visible/serve-whole.ts', [...serve, one.url])
      const workloads = await register(agent, one.url, bootstrapFile)
      const { host } = workloads
      const pem = host.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
      const socket = join(dir, 'agent.sock')
      const follow = [one.url, other.url, host.name, pem, socket]
      await using hostAgent = await startProcess('revocation-visible/run-agent.ts', follow)
      const world = { agent, one: one.url, other: other.url, workloads, target: hostAgent.url }
      const seen = new Map<Way, number[]>(ways.map((way) => [way, []]))
      const commits: number[] = []
      for (let sample = 0; sample < samples; sample += 1) {
        const times = await revokeAndWatch(await grant(world))
        commits.push(times.answered)
        for (const way of ways) seen.get(way)?.push(times[way])
        if ((sample + 1) % 20 === 0) say(`${sample + 1} of ${samples}`)
      }
      const slowest = Array.from({ length: samples }, (_, at) =>
        Math.max(...ways.map((way) => seen.get(way)?.[at] ?? 0)),
      )
      return [
        ...ways.map((way) => result(way, seen.get(way) ?? [], commits)),
        result('until all refuse', slowest, commits),
      ]
    } finally {
      agent.destroy()
      await rm(dir, { recursive: true, force: true })
    }
  },
}

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const ways = ['introspection', 'exchange', 'renewal of an SVID', 'status list', 'stream'] as const
type Way = (typeof ways)[number]

function result(way: string, ms: readonly number[], commits: readonly number[]): BenchResult {
  const [ours, limit] = [quantile(ms, 0.99), quantile(commits, 0.99)]
  return {
    bench: `revocation-visible, ${way}`,
    unit: 'ms, p99',
    ours: rounded(ours),
    limit: rounded(limit),
    limit_is: 'the answer of the revocation itself',
    ratio: rounded(limit / ours),
    also: { 'p50 ms': rounded(median(ms)), 'max ms': rounded(Math.max(...ms)), samples: ms.length },
  }
}

interface World {
  readonly agent: Agent
  readonly one: string
  readonly other: string
  readonly workloads: Workloads
  readonly target: string
}

interface Watched extends World {
  /** Of the holder for itself, and for the audience. */
  readonly holder: string
  readonly token: string
  readonly asker: string
  /** Of the host agent; with it the holder's SVID is renewed. */
  readonly host: string
  readonly attestationId: string
  readonly stream: OpenStream
}

/** Everything that is to end: it was got at the first server, the SVIDs at the other. */
async function grant(world: World): Promise<Watched> {
  const { agent, one, other, workloads } = world
  const [holder, asker, host] = [
    await proveAt(agent, one, workloads.holder),
    await proveAt(agent, one, workloads.asker),
    await proveAt(agent, one, workloads.host),
  ]
  const token = await getToken(agent, one, {
    grant_type: exchangeGrant,
    subject_token: holder,
    subject_token_type: accessToken,
    resource: audience,
  })
  const stream = await openStream(world.target)
  const vouched = await postJson<{ items: { attestation_id: string }[] }>(`${other}/v1/host/attestations`, host, {
    selectors: [selector],
    instance: `bench/1/${randomUUID()}`,
  })
  return { ...world, holder, token, asker, host, stream, attestationId: vouched.items[0]?.attestation_id ?? '' }
}

async function revokeAndWatch(watched: Watched): Promise<Record<Way | 'answered', number>> {
  const { one, holder, stream } = watched
  const asked = {
    introspection: introspectionRefuses,
    exchange: exchangeRefuses,
    renewal: renewalRefuses,
    statusListRefuses,
  }
  const before = await Promise.all(Object.values(asked).map((refuses) => refuses(watched)))
  if (before.some(Boolean) || !stream.isOpen()) throw new Error('it is refused before it is revoked')
  const startMs = performance.now()
  const since = () => performance.now() - startMs
  const until = async (refuses: (watched: Watched) => Promise<boolean>) => {
    while (!(await refuses(watched))) {
      if (since() > 10_000) throw new Error('it was never refused')
      await pause(pauseMs)
    }
    return since()
  }
  const late = setTimeout(() => stream.close(), 10_000)
  const [answered, introspection, exchange, renewal, list, ended] = await Promise.all([
    postJson(`${one}/v1/revocations`, holder, {
      selector: { kind: 'identity', ref: watched.workloads.holder.name },
    }).then(since),
    until(asked.introspection),
    until(asked.exchange),
    until(asked.renewal),
    until(asked.statusListRefuses),
    stream.refused.then(since),
  ])
  clearTimeout(late)
  stream.close()
  return {
    answered,
    introspection,
    exchange,
    'renewal of an SVID': renewal,
    'status list': list,
    stream: ended,
  }
}

async function introspectionRefuses({ agent, other, token, asker }: Watched): Promise<boolean> {
  const { text } = await postForm(agent, `${other}/oauth/introspect`, new URLSearchParams({ token }).toString(), {
    authorization: `Bearer ${asker}`,
  })
  return !(JSON.parse(text) as { active: boolean }).active
}

/** Whoever holds it gets nothing newer for it. */
async function exchangeRefuses({ agent, other, token, asker }: Watched): Promise<boolean> {
  const form = {
    grant_type: exchangeGrant,
    subject_token: token,
    subject_token_type: accessToken,
    actor_token: asker,
    actor_token_type: accessToken,
    resource: audience,
  }
  const { status, text } = await postForm(agent, `${other}/oauth/token`, new URLSearchParams(form).toString())
  if (status !== 200 && status !== 400) throw new Error(`the exchange answered ${status}: ${text}`)
  return status === 400
}

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicKeyText = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')

/** As its host agent asks at half the life of an SVID. */
async function renewalRefuses({ agent, other, host, attestationId }: Watched): Promise<boolean> {
  const body = JSON.stringify({ attestation_id: attestationId, public_key: publicKeyText })
  const { status, text } = await postForm(agent, `${other}/v1/svids/x509`, body, {
    authorization: `Bearer ${host}`,
    'content-type': 'application/json',
  })
  if (status !== 201 && status !== 401 && status !== 403) throw new Error(`the renewal answered ${status}: ${text}`)
  return status !== 201
}

async function statusListRefuses({ agent, one, other, token }: Watched): Promise<boolean> {
  const { status } = claimsOf(token) as { status: { status_list: { idx: number; uri: string } } }
  const { idx, uri } = status.status_list
  const list = claimsOf(await getText(agent, uri.replace(one, other))) as { status_list: { lst: string } }
  const bytes = inflateSync(Buffer.from(list.status_list.lst, 'base64url'))
  return (((bytes[idx >> 3] ?? 0) >> (idx & 7)) & 1) === 1
}

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

function getText(agent: Agent, url: string): Promise<string> {
  return new Promise((done, fail) => {
    get(url, { agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => done(text))
    }).on('error', fail)
  })
}
