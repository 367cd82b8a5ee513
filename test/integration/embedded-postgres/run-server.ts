// Started by server-in-process.ts: runs an embedded server until its standard input ends.
import { Secret } from '@mayfly/provider-kit'
import { startEmbeddedPostgres } from '../../../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'

const [dataDir = ''] = process.argv.slice(2)
const runAs = process.env['MAYFLY_EMBEDDED_USER']
const { MAYFLY_TEST_UMASK: umask, MAYFLY_TEST_PACKAGE_DIR: packageDir, MAYFLY_TEST_CACHE_DIR: cacheDir } = process.env
if (umask !== undefined) process.umask(umask)

function tell(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

try {
  const server = await startEmbeddedPostgres({
    dataDir,
    superuserPassword: new Secret(process.env['MAYFLY_TEST_PASSWORD'] ?? ''),
    ...(runAs !== undefined && { runAs }),
    ...(packageDir !== undefined && { packageDir }),
    ...(cacheDir !== undefined && { cacheDir }),
  })
  tell({ pid: server.pid, port: server.port })
  process.stdin.on('end', () => void server.stop('fast'))
  process.stdin.resume()
} catch (error) {
  tell({ refused: String(error) })
  process.exitCode = 1
}
