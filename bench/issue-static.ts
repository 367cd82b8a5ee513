/**
 * How many readers a second are told a static secret, each written down for good before it is told, against unsealing it and
 * one raw insert of the row that says who read it.
 */
import { type Bench, rateResult } from './bench.ts'
import { inLanes } from './limits/http-calls.ts'
import { measureRawReads } from './limits/static.ts'
import { startStaticBench } from './static-target.ts'

const rounds = 7
const inRound = 500
const inFlight = 8
const signal = new AbortController().signal

export const issueStatic: Bench = {
  name: 'issue-static',
  about: `static secrets told, ${inFlight} in flight, against unsealing and one raw durable insert each`,
  async run(say) {
    const bench = await startStaticBench()
    const [ours, limit]: [number[], number[]] = [[], []]
    try {
      const { row } = await bench.read()
      for (let round = 0; round <= rounds; round += 1) {
        const raw = await measureRawReads(bench.life.deps.database, {
          credentialIds: (await bench.addRequested(row, inRound)).map((one) => one.credentialId),
          inFlight,
        })
        const handles = await bench.addRequested(row, inRound)
        const request = {
          permission: { read: true },
          parameters: {},
          expiresAt: row.expires_at,
          createDeadlineAt: new Date(Date.now() + 60_000),
        }
        await bench.use(async (way) => {
          const startMs = performance.now()
          await inLanes(inFlight, handles, async (handle) => void (await way.issue(handle, request, signal)))
          if (round > 0) ours.push((inRound * 1_000) / (performance.now() - startMs))
        })
        if (round === 0) continue
        limit.push(raw)
        say(`round ${round} of ${rounds}`)
      }
      return [
        rateResult('issue-static', 'readers/s', ours, limit, 'unsealed, and one raw durable insert of who read it'),
      ]
    } finally {
      await bench.close()
    }
  },
}
