/**
 * `npm run demo`: one pass through the whole life cycle, on a PostgreSQL of Mayfly's own and a second one as the target,
 * both started here from the registry's binaries. Nothing is simulated: every login, session and signature is real, and
 * the demo ends with an error where a claim does not hold.
 *
 * `npm run demo -- --keep` leaves everything running and tells what to try next.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig, makeLogger, startServer } from '@mayfly/server'
import { callerWith, makeBoundKey } from './demo/api.ts'
import { audit, tamper } from './demo/audit-scenes.ts'
import { startIssuer } from './demo/issuer.ts'
import { bulk, issueAndEnd, prove, register, stricterPolicy } from './demo/life-scenes.ts'
import type { Stage } from './demo/stage.ts'
import { block, done, formatMs, say, step, timed } from './demo/story.ts'
import { startOrdersDatabase } from './demo/target.ts'

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } })

const started = performance.now()
const folder = await mkdtemp(join(tmpdir(), 'mayfly-demo-'))
// Started as root, PostgreSQL runs as another user, who must be able to reach its folder.
await chmod(folder, 0o755)
const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 10 })]

try {
  const stage = await setUp()
  await register(stage)
  await prove(stage)
  await issueAndEnd(stage)
  await bulk(stage)
  await stricterPolicy(stage)
  await audit(stage)
  if (!values.keep) await tamper(stage)
  console.log(`\nThe whole life cycle in ${formatMs(performance.now() - started)}.`)
  if (values.keep) await keepRunning(stage)
  else console.log('Run it again with `npm run demo -- --keep` and look around.')
} finally {
  for (const end of ends.toReversed()) await end()
}

async function setUp(): Promise<Stage> {
  step('Start Mayfly on its own PostgreSQL, and a second PostgreSQL as the target')
  const config = await loadConfig({
    MAYFLY_LISTEN: '127.0.0.1:0',
    MAYFLY_DATA_DIR: join(folder, 'store'),
    MAYFLY_KEK_FILE: join(folder, 'keys', 'kek'),
    MAYFLY_BOOTSTRAP_FILE: join(folder, 'keys', 'bootstrap'),
  })
  const { value, ms } = await timed(() =>
    Promise.all([
      startServer(config, { logger: makeLogger('error') }).then((server) => {
        ends.push(() => server.stop())
        return server
      }),
      startOrdersDatabase(join(folder, 'target')).then((target) => {
        ends.push(() => target.stop())
        return target
      }),
      startIssuer().then((issuer) => {
        ends.push(() => issuer.close())
        return issuer
      }),
    ]),
  )
  const [server, target, issuer] = value
  done(`Mayfly at ${server.url}, the orders database on port ${target.port}, a CI system's token issuer`, ms)

  const secret = (await readFile(config.bootstrapFile, 'utf8')).trim()
  const key = await makeBoundKey(server.url)
  const anonymous = callerWith(server.url, async () => 'none')
  const { client_id: clientId } = await anonymous.call<{ client_id: string }>('POST', '/v1/bootstrap', {
    secret,
    public_jwk: key.publicJwk,
    name: 'Ada Owner',
    email: 'ada@example.com',
  })
  done('the bootstrap secret bound the first administrator to a key, and is gone')
  await writeFile(join(folder, 'keys', 'administrator.jwk'), JSON.stringify(await key.exportPrivateJwk()), {
    mode: 0o600,
  })
  return {
    server,
    target,
    issuer,
    folder,
    kekFile: join(folder, 'keys', 'kek'),
    adminId: clientId,
    admin: callerWith(server.url, key.tokenFor(clientId)),
  }
}

async function keepRunning(stage: Stage): Promise<void> {
  step('Still running: look around, and end it with Ctrl-C')
  block(`
Mayfly        ${stage.server.url}
API document  ${stage.server.url}/openapi.json
readiness     ${stage.server.url}/readyz
metrics       ${stage.server.url}/metrics
the target    postgres://127.0.0.1:${stage.target.port}/orders

In another terminal, in this folder:

export MAYFLY_URL=${stage.server.url}
export MAYFLY_CLIENT_ID=${stage.adminId}
export MAYFLY_KEY_FILE=${join(stage.folder, 'keys', 'administrator.jwk')}
npx mayfly identity list
npx mayfly credential list
npx mayfly revoke identity report-runner --preview
npx mayfly audit verify --state`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  say('ending')
}
