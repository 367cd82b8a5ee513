/**
 * How long after a revocation is asked for at one server until another, which shares the database, refuses: introspection,
 * an exchange for something newer, and the status list. Each is asked without pause, from the asking of the revocation on.
 */
import { Agent, get } from 'node:http'
import { inflateSync } from 'node:zlib'
import { type Bench, type BenchResult, median, quantile, rounded } from './bench.ts'
import { makeIssuerKey } from './issue-token/workload.ts'
import { openStore } from './open-store.ts'
import { getToken, postForm } from './token-exchange/post-form.ts'
import { signProof } from './token-exchange/sign-proof.ts'
import { startProcess } from './start-process.ts'
import { audience, callerOf, serviceOf } from './token-exchange/workload.ts'

const samples = 200

export const revocationVisible: Bench = {
  name: 'revocation-visible',
  about: 'a revocation at one server until another refuses: introspection, exchange, status list',
  async run(say) {
    await using store = await openStore()
    const key = makeIssuerKey()
    const args = [store.url, store.kek, JSON.stringify(key.publicJwk)]
    await using one = await startProcess('token-exchange/serve-ours.ts', [...args, 'yes'])
    await using other = await startProcess('token-exchange/serve-ours.ts', [...args, 'no', one.url])
    const agent = new Agent({ keepAlive: true })
    const seen: Record<Way, number[]> = { introspection: [], exchange: [], 'status list': [] }
    const commits: number[] = []
    for (let sample = 0; sample < samples; sample += 1) {
      const prove = (subject: string) =>
        getToken(agent, one.url, {
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion: signProof(key, subject),
        })
      const [holder, asker] = [await prove(callerOf(sample % 100)), await prove(serviceOf(sample % 100))]
      const token = await getToken(agent, one.url, {
        grant_type: exchangeGrant,
        subject_token: holder,
        subject_token_type: accessToken,
        resource: audience,
      })
      const times = await revokeAndWatch({ agent, one: one.url, other: other.url, token, holder, asker })
      commits.push(times.answered)
      for (const way of ways) seen[way].push(times[way])
      if ((sample + 1) % 50 === 0) say(`${sample + 1} of ${samples}`)
    }
    agent.destroy()
    const all = ways.flatMap((way) => seen[way])
    return [...ways.map((way) => result(way, seen[way], commits)), result('all', all, commits)]
  },
}

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const ways = ['introspection', 'exchange', 'status list'] as const
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
    also: { 'p50 ms': rounded(median(ms)), samples: ms.length },
  }
}

interface Watched {
  readonly agent: Agent
  readonly one: string
  readonly other: string
  readonly token: string
  readonly holder: string
  readonly asker: string
}

async function revokeAndWatch(watched: Watched): Promise<Record<Way | 'answered', number>> {
  const { agent, one, token, holder } = watched
  const before = [introspectionRefuses, exchangeRefuses, statusListRefuses].map((refuses) => refuses(watched))
  if ((await Promise.all(before)).some(Boolean)) throw new Error('it is refused before it is revoked')
  const startMs = performance.now()
  const since = () => performance.now() - startMs
  const until = async (refuses: () => Promise<boolean>) => {
    while (!(await refuses())) if (since() > 10_000) throw new Error('it was never refused')
    return since()
  }
  const [answered, introspection, exchange, list] = await Promise.all([
    postWith(agent, `${one}/oauth/revoke`, holder, { token }).then(({ status }) => {
      if (status !== 200) throw new Error(`the revocation answered ${status}`)
      return since()
    }),
    until(() => introspectionRefuses(watched)),
    until(() => exchangeRefuses(watched)),
    until(() => statusListRefuses(watched)),
  ])
  return { answered, introspection, exchange, 'status list': list }
}

async function introspectionRefuses({ agent, other, token, asker }: Watched): Promise<boolean> {
  const { text } = await postWith(agent, `${other}/oauth/introspect`, asker, { token })
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
  const { status } = await postForm(agent, `${other}/oauth/token`, new URLSearchParams(form).toString())
  return status === 400
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

function postWith(agent: Agent, url: string, bearer: string, form: Readonly<Record<string, string>>) {
  return postForm(agent, url, new URLSearchParams(form).toString(), { authorization: `Bearer ${bearer}` })
}
