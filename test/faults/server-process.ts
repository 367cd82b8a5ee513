/** A whole server as its own process, for tests that kill it. Tells on stdout when it is ready. */
import { parentProcessEnv } from './process-input.ts'
import { loadConfig, startServer } from '../../packages/server/src/index.ts'

const server = await startServer(await loadConfig(parentProcessEnv()))
process.stdout.write(`ready ${server.url}\n`)
process.once('SIGTERM', () => {
  server.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
