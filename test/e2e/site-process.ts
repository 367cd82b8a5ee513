/**
 * A whole server as its own process, with a clock that moves on when it is told: `forward SECONDS` on standard input,
 * answered by `moved`. Tells its address first. Its database keeps the true time.
 */
import { createInterface } from 'node:readline'
import { loadConfig, startServer } from '../../packages/server/src/index.ts'

let offsetMs = 0
const server = await startServer(await loadConfig(process.env), {
  clock: { now: () => new Date(Date.now() + offsetMs) },
  maxClockSkewSeconds: Number.MAX_SAFE_INTEGER,
})
process.stdout.write(`${server.url}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  const seconds = /^forward (\d+)$/.exec(line)?.[1]
  if (seconds === undefined) throw new Error(`not a word that is known here: ${line}`)
  offsetMs += Number(seconds) * 1000
  process.stdout.write('moved\n')
})
process.once('SIGTERM', () => {
  server.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
