/**
 * Starts the server, and stops it.
 *
 * The order of starting is the order of what can be wrong: keys, database, schema, the right key for this database, what
 * a tenant needs, then HTTP, then the workers. Signals are the business of whoever calls (the command line).
 */
import { type Clock, defaultTenantId, MayflyError, systemClock } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { checkInstallation } from '../adapters/keys/check-installation.ts'
import { type KeyEncryptionKeys, loadKeyEncryptionKeys, makeKeyFile } from '../adapters/keys/key-encryption-key.ts'
import type { Provider } from '../adapters/targets/targets.ts'
import { openOtlpExporter } from '../adapters/tracing/otlp-exporter.ts'
import { registerTracing, unregisterTracing } from '../adapters/tracing/tracer-provider.ts'
import type { CoreDeps } from '../application/context.ts'
import { ensureDefaultPolicy } from '../application/decision/ensure-default-policy.ts'
import { ensureAuthorities } from '../application/spiffe/ensure-authorities.ts'
import { ensureKeys } from '../application/proof/ensure-keys.ts'
import type { KeyDeps } from '../application/proof/key-deps.ts'
import { makeBootstrap } from '../application/proof/make-bootstrap.ts'
import { rewrapDataKeys } from '../application/proof/rewrap-data-keys.ts'
import { listTenantIds } from '../store/key-rows.ts'
import { ensureTenant } from '../store/tenant-rows.ts'
import { keepBundleFile } from './bundle-file.ts'
import { watchClock } from './clock-watch.ts'
import type { Config } from './config.ts'
import { makeLogger, type ServerLogger } from './logger.ts'
import { openStore, type OpenStore } from './open-store.ts'
import { serveHttp } from './serve-http.ts'
import { type Closers, makeClosers } from './closers.ts'
import { tracedDatabase } from './traced-database.ts'
import { wire, type Wired } from './wire.ts'
import { startWorkers } from './workers.ts'

export interface StartOverrides {
  readonly clock?: Clock
  readonly logger?: ServerLogger
  /** More credential providers than those of this build. */
  readonly providers?: readonly Provider[]
  /** How often the workers look by themselves; default 1,000. */
  readonly pollMs?: number
  /** Seconds that our clock may differ from the database's; default 5. A test that moves the clock sets it. */
  readonly maxClockSkewSeconds?: number
  /** Ends the attempt to start. */
  readonly signal?: AbortSignal
}

export interface RunningServer {
  /** Where the API listens, e.g. `http://127.0.0.1:7420`. */
  readonly url: string
  /** Where metrics can be read. */
  readonly metricsUrl?: string
  /** Where workloads that show a certificate come. */
  readonly mutualTlsUrl?: string
  /** Where the trust bundle is served by `https_spiffe`. */
  readonly bundleUrl?: string
  /** Takes a newer certificate from its files, or a newer SVID, without dropping a connection. */
  reload(): Promise<void>
  /** Mayfly's own database; holds a password. */
  readonly databaseUrl: Secret
  /** Finishes what is under way, then ends. Idempotent. */
  stop(): Promise<void>
}

/**
 * @throws MayflyError `configuration_invalid`, `database_unavailable`, `migration_refused`, `key_unusable`: nothing is
 *   left running
 */
export async function startServer(config: Config, overrides: StartOverrides = {}): Promise<RunningServer> {
  const logger = overrides.logger ?? makeLogger(config.logLevel)
  const clock = overrides.clock ?? systemClock
  const signal = overrides.signal ?? new AbortController().signal
  const closers = makeClosers(logger)
  try {
    const keks = await openKeys(config)
    const store = await openStore({ logger, keks }, config, signal)
    closers.add('database', () => store.close())
    const core: CoreDeps = { database: tracedDatabase(store.database), clock, logger }
    startTracing(config, core, closers)
    return await startOn({ core, config, keks, store, overrides, closers })
  } catch (error) {
    await closers.close()
    throw error
  }
}

function startTracing({ otelEndpoint }: Config, { logger }: CoreDeps, closers: Closers): void {
  if (otelEndpoint === undefined) return
  const exporter = openOtlpExporter(otelEndpoint, logger)
  if (!registerTracing(exporter))
    logger.warn({}, 'another OpenTelemetry SDK is registered, and is used in place of ours')
  else closers.add('registration of tracing', async () => unregisterTracing())
  closers.add('traces', () => exporter.close())
}

interface Start {
  readonly core: CoreDeps
  readonly config: Config
  readonly keks: KeyEncryptionKeys
  readonly store: OpenStore
  readonly overrides: StartOverrides
  readonly closers: Closers
}

async function startOn({ core, config, keks, store, overrides, closers }: Start): Promise<RunningServer> {
  const { database, clock, logger } = core
  const installation = await checkInstallation(database, keks, clock.now())
  const clockWatch = watchClock({ database, clock, maxSkewSeconds: overrides.maxClockSkewSeconds })
  let publicUrl = config.publicUrl
  let mutualTlsUrl: string | undefined
  const wired = wire({
    core,
    config,
    keks,
    installationId: installation.installationId,
    clockWatch,
    publicUrl: () => {
      if (publicUrl === undefined) throw new MayflyError('internal', { log: 'asked for the public URL too early' })
      return publicUrl
    },
    mutualTlsUrl: () => mutualTlsUrl,
    ...(overrides.providers !== undefined && { providers: overrides.providers }),
  })
  closers.add('targets', () => wired.targets.close())
  const keyDeps = { ...core, keys: wired.keys }
  if (installation.outcome === 'previous') await rewrapDataKeys(keyDeps, { ...keks, previous: installation.previous })
  await prepareTenants(keyDeps, wired)
  await announceBootstrap(core, config.bootstrapFile)
  await clockWatch.measure()
  closers.add('clock watch', clockWatch.start(logger))

  if (config.trustBundleFile !== undefined) {
    const bundleFile = await keepBundleFile(core, config.trustBundleFile)
    closers.add('trust bundle file', () => bundleFile.close())
  }
  const served = await serveHttp({ wired, config, clockWatch, closers })
  publicUrl ??= served.url
  mutualTlsUrl = served.mutualTlsUrl
  const workers = await startWorkers(wired, overrides.pollMs)
  closers.add('workers', () => workers.stop())
  logger.info({ url: served.url, public_url: publicUrl }, 'ready')
  return {
    url: served.url,
    ...(served.metricsUrl !== undefined && { metricsUrl: served.metricsUrl }),
    ...(served.mutualTlsUrl !== undefined && { mutualTlsUrl: served.mutualTlsUrl }),
    ...(served.bundleUrl !== undefined && { bundleUrl: served.bundleUrl }),
    reload: () => served.reload(),
    databaseUrl: store.url,
    stop: () => closers.close(),
  }
}

async function openKeys(config: Config): Promise<KeyEncryptionKeys> {
  // With a database of its own there is no other server that could have the key already.
  if ('file' in config.kek && config.database.kind === 'embedded') await makeKeyFile(config.kek.file)
  return loadKeyEncryptionKeys({ ...config.kek, previousFile: config.kekPreviousFile })
}

/** Everything that a tenant must have before anyone can ask for anything. Any number of servers may do this at once. */
async function prepareTenants(deps: KeyDeps, { spiffe }: Pick<Wired, 'spiffe'>): Promise<void> {
  const { database, clock } = deps
  const now = clock.now()
  await database.outsideTenants((query) =>
    ensureTenant(query, { tenant_id: defaultTenantId, name: 'default', created_at: now }),
  )
  for (const tenantId of await database.outsideTenants(listTenantIds)) {
    await ensureKeys(deps, tenantId)
    await ensureAuthorities(spiffe, tenantId)
    await database.transaction(tenantId, (tx) => ensureDefaultPolicy(tx, now))
  }
}

async function announceBootstrap(core: CoreDeps, file: string): Promise<void> {
  const made = await makeBootstrap(core, defaultTenantId, file)
  if (made.outcome !== 'made') return
  core.logger.info({ file: made.file, expires_at: made.expiresAt }, 'the first administrator registers with this file')
}
