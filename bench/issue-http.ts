/** How many accounts a second the `http` kind makes, against the same POST by bare node:http. */
import { type CredentialId, newId } from '@mayfly/domain'
import { httpProvider } from '@mayfly/provider-http'
import { type Bench, rateResult } from './bench.ts'
import { inFlight, openHttpTarget } from './http-target/open-target.ts'
import { inLanes, openRawCalls } from './limits/http-calls.ts'
import { startProcess } from './start-process.ts'

const rounds = 7
const count = 4_000
/** Until both sides are compiled: a call costs a third of what the first thousands cost. */
const warmUps = 4
const signal = new AbortController().signal

export const issueHttp: Bench = {
  name: 'issue-http',
  about: `accounts made at a system with a create call, ${inFlight} in flight, against the bare call`,
  async run(say) {
    await using system = await startProcess('http-target/serve.ts', [])
    const target = await openHttpTarget(system.url)
    const raw = openRawCalls(system.url, inFlight)
    const [ours, limit]: [number[], number[]] = [[], []]
    for (let round = 1 - warmUps; round <= rounds; round += 1) {
      const names = Array.from({ length: count }, () => httpProvider.plan(newId<CredentialId>()))
      const own = await rate(() => inLanes(inFlight, names, (handle) => target.issue(handle, request(), signal)))
      const bare = await rate(() =>
        inLanes(inFlight, names, async ({ accountName }) =>
          JSON.parse(await raw.call('POST', '/tokens', { label: accountName })),
        ),
      )
      if (round <= 0) continue
      ours.push(own)
      limit.push(bare)
      say(`round ${round} of ${rounds}`)
    }
    raw.close()
    await target.close()
    return [rateResult('issue-http', 'accounts/s', ours, limit, 'the same POST by bare node:http, kept alive')]
  },
}

async function rate(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (count * 1_000) / (performance.now() - startMs)
}

function request() {
  return {
    permission: { values: {} },
    parameters: {},
    expiresAt: new Date(Date.now() + 600_000),
    createDeadlineAt: new Date(Date.now() + 10_000),
  }
}
