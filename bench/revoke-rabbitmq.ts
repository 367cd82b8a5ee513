/** How long 1,000 users take from revoke to seen absent, against one raw bulk-delete and one look. */
import { type CredentialId, newId } from '@mayfly/domain'
import { rabbitmqProvider } from '@mayfly/provider-rabbitmq'
import { type Bench, timeResult } from './bench.ts'
import { makeRaw, removeRaw } from './limits/rabbitmq.ts'
import { startRabbitmqTarget } from './rabbitmq-target.ts'

const rounds = 5
const count = 1_000
const signal = new AbortController().signal
const nothing = async () => undefined

export const revokeRabbitmq: Bench = {
  name: 'revoke-rabbitmq',
  about: `${count} users removed, their connections looked for, seen absent; against raw bulk-delete and one look`,
  async run(say) {
    await using broker = await startRabbitmqTarget()
    const [ours, limit]: [number[], number[]] = [[], []]
    const handles = Array.from({ length: count }, () => rabbitmqProvider.plan(newId<CredentialId>()))
    const names = handles.map((one) => one.accountName)
    for (let round = 0; round <= rounds; round += 1) {
      await makeRaw(broker.raw, names)
      const own = await seconds(() =>
        broker.target.revoke(handles, { cut: nothing, removed: nothing, pending: nothing }, signal),
      )
      await makeRaw(broker.raw, names)
      const raw = await seconds(() => removeRaw(broker.raw, names))
      if (round === 0) continue
      ours.push(own)
      limit.push(raw)
      say(`round ${round} of ${rounds}`)
    }
    return [
      timeResult('revoke-rabbitmq', `s for ${count}`, ours, limit, 'raw bulk-delete of all and one look at the names'),
    ]
  },
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (performance.now() - startMs) / 1_000
}
