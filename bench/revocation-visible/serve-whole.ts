/** The server as it is started in production, workers and all, in a process of its own. */
import { loadConfig, makeLogger, startServer } from '@mayfly/server'

/** @param publicUrl of the first server, for the second, which speaks for the same installation; empty for the first */
const [databaseUrl = '', kek = '', bootstrapFile = '', publicUrl = ''] = process.argv.slice(2)
const config = await loadConfig({
  MAYFLY_LISTEN: '127.0.0.1:0',
  MAYFLY_DATABASE_URL: databaseUrl,
  MAYFLY_KEK: kek,
  MAYFLY_BOOTSTRAP_FILE: bootstrapFile,
  MAYFLY_TRUST_DOMAIN: 'bench.example',
  MAYFLY_CALLER_REQUESTS_PER_SECOND: '100000',
  MAYFLY_REFUSALS_PER_MINUTE: '1000000',
  ...(publicUrl !== '' && { MAYFLY_PUBLIC_URL: publicUrl }),
})
const logger = makeLogger('error', { write: (line) => void process.stderr.write(line) })
const server = await startServer(config, { logger })
process.send?.({ url: server.url })
process.once('disconnect', () => {
  void server.stop().then(() => process.exit(0))
})
