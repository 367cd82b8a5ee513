/** How long 1,000 accounts of the `http` kind take from revoke to seen absent, against the same calls by bare node:http. */
import { type CredentialId, newId } from '@mayfly/domain'
import { httpProvider } from '@mayfly/provider-http'
import { type Bench, timeResult } from './bench.ts'
import { inFlight, openHttpTarget } from './http-target/open-target.ts'
import { inLanes, openRawCalls, type RawCalls } from './limits/http-calls.ts'
import { startProcess } from './start-process.ts'

const rounds = 7
const count = 1_000
const signal = new AbortController().signal
const nothing = async () => undefined

export const revokeHttp: Bench = {
  name: 'revoke-http',
  about: `${count} accounts removed and seen absent, against list, delete and list again by bare calls`,
  async run(say) {
    await using system = await startProcess('http-target/serve.ts', [])
    const target = await openHttpTarget(system.url)
    const raw = openRawCalls(system.url, inFlight)
    const [ours, limit]: [number[], number[]] = [[], []]
    for (let round = 0; round <= rounds; round += 1) {
      const handles = Array.from({ length: count }, () => httpProvider.plan(newId<CredentialId>()))
      const make = () =>
        inLanes(inFlight, handles, ({ accountName }) => raw.call('POST', '/tokens', { label: accountName }))
      await make()
      const own = await seconds(() =>
        target.revoke(handles, { cut: nothing, removed: nothing, pending: nothing }, signal),
      )
      await make()
      const bare = await seconds(() => removeRaw(raw, new Set(handles.map((handle) => handle.accountName))))
      if (round === 0) continue
      ours.push(own)
      limit.push(bare)
      say(`round ${round} of ${rounds}`)
    }
    raw.close()
    await target.close()
    return [timeResult('revoke-http', `s for ${count}`, ours, limit, 'list, delete each, list again by bare node:http')]
  },
}

async function removeRaw(raw: RawCalls, names: ReadonlySet<string>): Promise<void> {
  const list = async () => {
    const { tokens } = JSON.parse(await raw.call('GET', '/tokens')) as { tokens: { id: string; label: string }[] }
    return tokens.filter(({ label }) => names.has(label))
  }
  await inLanes(inFlight, await list(), ({ id }) => raw.call('DELETE', `/tokens/${id}`))
  if ((await list()).length > 0) throw new Error('the system did not remove them')
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (performance.now() - startMs) / 1_000
}
