/**
 * How long a static secret outlives the one who read it: rotated at its Redis, its session ended, the old one seen refused;
 * against the bare commands.
 */
import { randomBytes } from 'node:crypto'
import { type Bench, timeResult } from './bench.ts'
import { countRemoved } from './ended-credentials.ts'
import { openRawRedis } from './limits/redis-raw.ts'
import { measureRawRotation } from './limits/static.ts'
import { startBenchRedis } from './redis-target.ts'
import { startStaticBench } from './static-target.ts'
import { account, makeAccount } from './time-to-dead/dead-static.ts'

const rounds = 30
const signal = new AbortController().signal
const newPassword = () => randomBytes(32).toString('base64url')

export const revokeStatic: Bench = {
  name: 'revoke-static',
  about: 'a static secret that one identity has read, rotated and seen refused, against the bare commands at Redis',
  async run(say) {
    const bench = await startStaticBench()
    const bare = await startBenchRedis({ withAclFile: true })
    const admin = await openRawRedis(bare.access, 'default', bare.access.password)
    const [ours, limit]: [number[], number[]] = [[], []]
    try {
      let old = newPassword()
      await makeAccount(bare.access, old)
      for (let round = 0; round < rounds + 5; round += 1) {
        const session = await openRawRedis(bare.access, account, old)
        const next = newPassword()
        const rawSeconds = await measureRawRotation(admin, bare.access, account, { old, next })
        await session.ended
        old = next

        const { handle, password } = await bench.read()
        const held = await bench.system.hold?.({ password })
        await bench.use(async (way) => {
          const { report, count } = countRemoved()
          const startMs = performance.now()
          await way.revoke([handle], report, signal)
          // The first ones warm up.
          if (round >= 5) ours.push((performance.now() - startMs) / 1_000)
          if (count() !== 1) throw new Error('it did not end')
        })
        await held?.ended
        if (await bench.system.logIn({ password })) throw new Error('it still opens its system')
        if (round >= 5) limit.push(rawSeconds)
      }
      say(`${rounds} rounds`)
      return [
        timeResult(
          'revoke-static',
          'seconds until refused',
          ours,
          limit,
          'another password, connections closed, both tried',
        ),
      ]
    } finally {
      admin.close()
      await bare.close()
      await bench.close()
    }
  },
}
