/**
 * Mayfly's own PostgreSQL: embedded, or the one that `MAYFLY_DATABASE_URL` names; migrated, and opened.
 *
 * Promise: the embedded server's logins have passwords that follow from the key-encryption key, so none is on disk; the
 * server's own login is no superuser.
 */
import type { Logger } from '../application/context.ts'
import { Secret } from '@mayfly/provider-kit'
import pg from 'pg'
import { makeScramVerifier } from '../adapters/embedded-postgres/scram-verifier.ts'
import {
  superviseEmbeddedPostgres,
  type SupervisedPostgres,
} from '../adapters/embedded-postgres/supervise-embedded-postgres.ts'
import { deriveSecret } from '../adapters/keys/derive-secret.ts'
import type { KeyEncryptionKey, KeyEncryptionKeys } from '../adapters/keys/key-encryption-key.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { MayflyError } from '@mayfly/domain'
import type { Config } from './config.ts'

/** The login, and the database that it owns, in the embedded server. */
const storeLogin = 'mayfly'

export interface OpenStore {
  readonly database: Database
  /** Where it is, for a second server or a test; holds a password. */
  readonly url: Secret
  close(): Promise<void>
}

export interface OpenStoreDeps {
  readonly logger: Logger
  readonly keks: KeyEncryptionKeys
}

/**
 * @throws MayflyError `database_unavailable`, `migration_refused`, `configuration_invalid`, `key_unusable`
 */
export async function openStore(deps: OpenStoreDeps, config: Config, signal: AbortSignal): Promise<OpenStore> {
  if (config.database.kind === 'external') return openAt(deps, config, config.database.url, async () => undefined)
  const { server, url } = await startEmbedded(deps, config.database, signal)
  const stop = () => server.stop('fast')
  try {
    return await openAt(deps, config, url, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function openAt(
  { logger }: OpenStoreDeps,
  config: Config,
  url: Secret,
  stop: () => Promise<void>,
): Promise<OpenStore> {
  const migrated = await migrate(url.reveal())
  if (migrated.applied.length > 0) logger.info({ migrations: migrated.applied }, 'the schema was brought up to date')
  const database = openDatabase({
    url: migrated.url,
    poolSize: config.databasePoolSize,
    onError: (error) => logger.warn({ err: error }, 'a connection to the database broke'),
  })
  return {
    database,
    url,
    async close() {
      await database.close()
      await stop()
    },
  }
}

type EmbeddedStore = Extract<Config['database'], { kind: 'embedded' }>

async function startEmbedded(
  { logger, keks }: OpenStoreDeps,
  { dataDir, runAs }: EmbeddedStore,
  signal: AbortSignal,
): Promise<{ server: SupervisedPostgres; url: Secret }> {
  const start = (key: KeyEncryptionKey) =>
    superviseEmbeddedPostgres({
      dataDir,
      superuserPassword: deriveSecret(key, 'embedded superuser'),
      logger,
      signal,
      ...(runAs !== undefined && { runAs }),
    })
  let server = await startWithCurrent(start, keks)
  if (server === undefined) {
    const { previous } = keks
    if (previous === undefined) throw passwordRefused()
    const former = await start(previous)
    await asSuperuser(former, previous, (client) => setPassword(client, former.superuser, passwordOf(keks.current)))
    await former.stop('fast')
    server = await start(keks.current)
    logger.info({ kek_id: keks.current.keyId }, 'the embedded database follows the new key-encryption key')
  }
  const password = deriveSecret(keks.current, 'embedded store login')
  await asSuperuser(server, keks.current, (client) => prepareLogin(client, password))
  return { server, url: secretUrl(server, password) }
}

/** @returns undefined where the cluster does not know the current key's password: a rotation is under way */
async function startWithCurrent(
  start: (key: KeyEncryptionKey) => Promise<SupervisedPostgres>,
  keks: KeyEncryptionKeys,
): Promise<SupervisedPostgres | undefined> {
  try {
    return await start(keks.current)
  } catch (error) {
    const refused = error instanceof MayflyError && isPasswordRefusal(error.options.cause)
    if (refused) return undefined
    throw error
  }
}

async function asSuperuser(
  server: SupervisedPostgres,
  key: KeyEncryptionKey,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({
    connectionString: server.connectionUrl(server.superuser, deriveSecret(key, 'embedded superuser'), 'postgres'),
  })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

async function prepareLogin(client: pg.Client, password: Secret): Promise<void> {
  const { rows } = await client.query<{ login: boolean; database: boolean }>(
    `select exists (select from pg_roles where rolname = $1) as login,
            exists (select from pg_database where datname = $1) as database`,
    [storeLogin],
  )
  if (rows[0]?.login !== true) await client.query(`create role ${storeLogin} login`)
  // At each start: after a change of the key-encryption key it is another one.
  await setPassword(client, storeLogin, password)
  if (rows[0]?.database !== true) {
    await client.query(`create database ${storeLogin} owner ${storeLogin}`)
    await client.query(`revoke connect, temporary on database ${storeLogin} from public`)
  }
}

/** The server is given what it stores, never the password: a statement may end up in a log. */
async function setPassword(client: pg.Client, login: string, password: Secret): Promise<void> {
  const verifier = pg.escapeLiteral(makeScramVerifier(password))
  await client.query(`alter role ${pg.escapeIdentifier(login)} password ${verifier}`)
}

function passwordOf(key: KeyEncryptionKey): Secret {
  return deriveSecret(key, 'embedded superuser')
}

function isPasswordRefusal(cause: unknown): boolean {
  return cause instanceof pg.DatabaseError && cause.code === '28P01'
}

function passwordRefused(): MayflyError {
  return new MayflyError('key_unusable', {
    publicDetail: 'the key-encryption key does not open the embedded database',
    hint: 'give the file that it was started with as `MAYFLY_KEK_FILE`; to change keys, give the former one as `MAYFLY_KEK_PREVIOUS_FILE`',
  })
}

function secretUrl(server: SupervisedPostgres, password: Secret): Secret {
  return new Secret(server.connectionUrl(storeLogin, password, storeLogin))
}
