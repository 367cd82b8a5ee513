/** How many users of NATS a second are made, against a fresh key and a signature with node:crypto. Nothing is asked of the target. */
import { createPrivateKey } from 'node:crypto'
import { newId } from '@mayfly/domain'
import { natsProvider } from '@mayfly/provider-nats'
import { decodeBase32 } from '../packages/providers/nats/src/base32.ts'
import { keyFrom, requestFor } from '../test/integration/provider-nats/nats-fixture.ts'
import { type Bench, rateResult } from './bench.ts'
import { measureRawUsers } from './limits/nats-issue.ts'
import { type NatsBench, startNatsBench } from './nats-target.ts'

const rounds = 7
const usersInRound = 3_000
const signal = new AbortController().signal

export const issueNats: Bench = {
  name: 'issue-nats',
  about: `users signed for an account, against a fresh Ed25519 key and a signature with node:crypto, one core`,
  async run(say) {
    const bench = await startNatsBench()
    const { secret, account } = bench.prepared
    const seed = decodeBase32(secret.account_signing_key)?.subarray(2, 34) ?? Buffer.alloc(0)
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
    const accountKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const issuer = keyFrom('account', secret.account_signing_key).publicKey
    try {
      const [ours, limit]: [number[], number[]] = [[], []]
      await measureProvider(bench, usersInRound)
      measureRawUsers(accountKey, issuer, account, usersInRound)
      for (let round = 0; round < rounds; round += 1) {
        limit.push(measureRawUsers(accountKey, issuer, account, usersInRound))
        ours.push(await measureProvider(bench, usersInRound))
        say(`round ${round + 1} of ${rounds}`)
      }
      return [rateResult('issue-nats', 'users/s', ours, limit, 'a fresh key, claims and a signature with node:crypto')]
    } finally {
      await bench.close()
    }
  },
}

async function measureProvider({ prepared }: NatsBench, count: number): Promise<number> {
  const handles = Array.from({ length: count }, () => natsProvider.plan(newId()))
  const request = requestFor()
  const startMs = performance.now()
  for (const handle of handles) {
    const key = natsProvider.prepareKey({})
    await prepared.target.issue({ ...handle, targetKey: key.targetKey }, { ...request, key }, signal)
  }
  return (count * 1_000) / (performance.now() - startMs)
}
