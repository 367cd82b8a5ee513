/** How many users a second are made at RabbitMQ, against one raw import of definitions for all of them. */
import { type CredentialId, newId } from '@mayfly/domain'
import { rabbitmqProvider } from '@mayfly/provider-rabbitmq'
import { type Bench, rateResult } from './bench.ts'
import { makeRaw, removeRaw } from './limits/rabbitmq.ts'
import { benchPermission, startRabbitmqTarget } from './rabbitmq-target.ts'

const rounds = 5
const count = 250
const signal = new AbortController().signal
const plan = () => rabbitmqProvider.plan(newId<CredentialId>())

export const issueRabbitmq: Bench = {
  name: 'issue-rabbitmq',
  about: `${count} users asked for at once, against one raw import of as many`,
  async run(say) {
    await using broker = await startRabbitmqTarget()
    const [ours, limit]: [number[], number[]] = [[], []]
    for (let round = 0; round <= rounds; round += 1) {
      const handles = Array.from({ length: count }, plan)
      const own = await rate(() => Promise.all(handles.map((handle) => broker.target.issue(handle, request(), signal))))
      const names = Array.from({ length: count }, () => plan().accountName)
      const raw = await rate(() => makeRaw(broker.raw, names))
      await removeRaw(broker.raw, [...names, ...handles.map((one) => one.accountName)])
      if (round === 0) continue
      ours.push(own)
      limit.push(raw)
      say(`round ${round} of ${rounds}`)
    }
    return [rateResult('issue-rabbitmq', 'users/s', ours, limit, 'one raw POST /definitions for all of them')]
  },
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (count * 1_000) / (performance.now() - startMs)
}

function request() {
  return {
    permission: benchPermission,
    parameters: {},
    expiresAt: new Date(Date.now() + 600_000),
    createDeadlineAt: new Date(Date.now() + 30_000),
  }
}
