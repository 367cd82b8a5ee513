/**
 * Puts the surfaces on their listeners: the API, the API once more for workloads that show a certificate, the trust bundle
 * by the profile `https_spiffe`, and metrics.
 */
import { createServer, type Server } from 'node:https'
import { isIP, type AddressInfo } from 'node:net'
import { callbackify } from 'node:util'
import { defaultTenantId } from '@mayfly/domain'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { isLoopback } from '../store/connection-options.ts'
import {
  bindRoutes,
  boundServer,
  buildHttp,
  maxHeaderSizeBytes,
  mutualTlsSettings,
  refuseUnreadable,
} from '../surfaces/http/app.ts'
import type { HttpOptions } from '../surfaces/http/http-deps.ts'
import { metricsRoutes } from '../surfaces/http/metrics.ts'
import { bindResources } from '../surfaces/http/routes.ts'
import { tlsSettings } from '../surfaces/http/tls-settings.ts'
import { endpointBundleRoute } from '../surfaces/http/trust-bundles.ts'
import { makeMetrics } from '../surfaces/metrics/metrics.ts'
import { readGauges } from '../surfaces/metrics/read-gauges.ts'
import { publishedPlugin } from '../surfaces/http/published.ts'
import { oauthPlugin } from '../surfaces/oauth/oauth-plugin.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { Closers } from './closers.ts'
import type { Config } from './config.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { readinessChecks } from './readiness.ts'
import { openFileIdentity, openSvidIdentity, type ServerIdentity } from './server-identity.ts'
import { openTenantIdentities, type TenantIdentities } from './tenant-identities.ts'
import type { Wired } from './wire.ts'

export interface Served {
  readonly url: string
  readonly metricsUrl?: string
  /** Where workloads that show a certificate come, if it listens for them. */
  readonly mutualTlsUrl?: string
  /** Where the trust bundle is served by `https_spiffe`, if it is. */
  readonly bundleUrl?: string
  /** Looks now for newer certificates. */
  reload(): Promise<void>
}

export interface ServeInput {
  readonly wired: Wired
  readonly config: Config
  readonly clockWatch: ClockWatch
  /** What is opened is closed by these, also where a later part does not start. */
  readonly closers: Closers
}

export async function serveHttp({ wired, config, clockWatch, closers }: ServeInput): Promise<Served> {
  const { database, clock, logger } = wired.http
  const metrics = makeMetrics(() => readGauges(wired.http))
  const identities = await openIdentities(wired, config, closers)
  const api = identities.api?.current()
  const options: HttpOptions = {
    trustedProxies: config.trustedProxies,
    ...(api !== undefined && { tls: { cert: api.cert, key: api.key.reveal() } }),
    callerLimit: { perSecond: config.callerRequestsPerSecond, burst: config.callerRequestsPerSecond * 2 },
    refusalLimit: { perSecond: config.refusalsPerMinute / 60, burst: config.refusalsPerMinute },
    onRequest: (request) => metrics.observeRequest(request),
  }
  const assertKeysUsable = () =>
    database.transaction(defaultTenantId, async (tx) => {
      await wired.keys.signer(tx, 'access_token')
    })
  const readiness = readinessChecks({ database, clock, clockWatch, assertKeysUsable })
  const scrape = bindRoutes({ metrics }, metricsRoutes)
  const app = await buildHttp(
    wired.http,
    [
      ...bindResources({ ...wired, health: { database, clock, logger, readiness } }),
      ...(config.metricsListen === undefined && isLoopback(config.listen.host) ? [scrape] : []),
    ],
    options,
    [
      mintingTokens(clockWatch, oauthPlugin({ ...wired.http, ...wired.proof, issue: wired.lifecycle })),
      publishedPlugin({ database, clock, logger, targets: wired.targets, tenants: wired.proof.tenants }),
    ],
  )
  const url = await listen(app, config.listen, api !== undefined)
  let mutualServer: Server | undefined
  closers.add('http', async () => {
    // First the application, which ends the streams that would keep the other listener open.
    await app.close()
    if (mutualServer !== undefined) await closeServer(mutualServer)
  })
  if (identities.api !== undefined) identities.api.follow(app.server as Server)

  let mutual: ListenAddress | undefined
  if (config.mutualTlsListen !== undefined) {
    const { host } = config.mutualTlsListen
    mutualServer = mutualListener(app, required(identities.mutual))
    mutual = { host, port: await listenOn(mutualServer, config.mutualTlsListen) }
  }
  const { tls: _none, ...plain } = { ...options, onRequest: () => undefined }
  const tenants =
    config.bundleListen === undefined
      ? undefined
      : await openTenantIdentities(wired.spiffe, bundleHostOf(config), namesOf(config))
  if (tenants !== undefined) closers.add('identities of tenants', () => tenants.close())
  const bundleUrl =
    config.bundleListen === undefined || tenants === undefined
      ? undefined
      : await listenForBundles(wired, config.bundleListen, required(identities.svid), tenants, plain, closers)
  const metricsUrl =
    config.metricsListen === undefined
      ? isLoopback(config.listen.host)
        ? `${url}/metrics`
        : undefined
      : await listenForMetrics(wired, config.metricsListen, scrape, plain, closers)
  return {
    url,
    ...(metricsUrl !== undefined && { metricsUrl }),
    ...(mutual !== undefined && { mutualTlsUrl: config.mutualTlsUrl ?? publicUrlOf(config, mutual) }),
    ...(bundleUrl !== undefined && { bundleUrl }),
    async reload() {
      for (const identity of new Set(Object.values(identities))) await identity?.reload()
      await tenants?.reload()
    },
  }
}

interface Identities {
  readonly api: ServerIdentity | undefined
  readonly mutual: ServerIdentity | undefined
  readonly svid: ServerIdentity | undefined
}

/** One of each kind at most, for all listeners that want it. */
async function openIdentities({ spiffe, http }: Wired, config: Config, closers: Closers): Promise<Identities> {
  const wantsFiles = config.tls === 'files'
  const wantsSvid =
    config.tls === 'svid' || config.bundleListen !== undefined || (config.mutualTlsListen !== undefined && !wantsFiles)
  const files =
    wantsFiles && config.tlsFiles !== undefined ? await openFileIdentity(config.tlsFiles, http.logger) : undefined
  if (files !== undefined) closers.add('certificate files', () => files.close())
  const svid = wantsSvid ? await openSvidIdentity(spiffe, namesOf(config)) : undefined
  if (svid !== undefined) closers.add('server identity', () => svid.close())
  return {
    api: { files, svid, off: undefined }[config.tls],
    mutual: config.mutualTlsListen === undefined ? undefined : (files ?? svid),
    svid,
  }
}

function required(identity: ServerIdentity | undefined): ServerIdentity {
  if (identity === undefined) throw new Error('a listener has no identity')
  return identity
}

/** What the names of tenants stand before; an address cannot have any. */
function bundleHostOf({ bundleUrl, publicUrl }: Config): string | undefined {
  const url = bundleUrl ?? publicUrl
  const host = url === undefined ? undefined : new URL(url).hostname.toLowerCase()
  return host === undefined || isIP(host.replaceAll(/^\[|\]$/g, '')) !== 0 ? undefined : host
}

/** What clients know the listeners by: the hosts of their URLs, and what is listened on where that is an address. */
function namesOf(config: Config): { dns: string[]; ip: string[]; crl: boolean } {
  const hosts = [
    ...[config.publicUrl, config.mutualTlsUrl, config.bundleUrl].flatMap((url) =>
      url === undefined ? [] : [new URL(url).hostname],
    ),
    ...[config.listen, config.mutualTlsListen, config.bundleListen].flatMap((each) =>
      each === undefined ? [] : [each.host],
    ),
  ].map((host) => host.replaceAll(/^\[|\]$/g, '').toLowerCase())
  const known = [...new Set(hosts)].filter((host) => host !== '0.0.0.0' && host !== '::')
  const loopback = known.some(isLoopback) ? ['localhost'] : []
  return {
    dns: [...new Set([...known.filter((host) => isIP(host) === 0), ...loopback])],
    ip: known.filter((host) => isIP(host) !== 0),
    // Where it is not configured it is known only when it listens.
    crl: config.publicUrl !== undefined,
  }
}

/** The same routes as the API's own listener; each request sees the certificate of its connection. */
function mutualListener(app: FastifyInstance, identity: ServerIdentity): Server {
  const { cert, key } = identity.current()
  const server = createServer(
    { ...tlsSettings, ...mutualTlsSettings, maxHeaderSize: maxHeaderSizeBytes, cert, key: key.reveal() },
    (request, response) => app.routing(request, response),
  )
  boundServer(server)
  server.on('clientError', refuseUnreadable)
  identity.follow(server)
  return server
}

async function listenForBundles(
  wired: Wired,
  address: ListenAddress,
  identity: ServerIdentity,
  tenants: TenantIdentities,
  options: Omit<HttpOptions, 'tls'>,
  closers: Closers,
): Promise<string> {
  const { cert, key } = identity.current()
  const contextOf = async (serverName: string) => {
    try {
      return await tenants.secureContextOf(serverName)
    } catch (error) {
      // The client sees a handshake that fails.
      wired.http.logger.error({ err: error }, 'a tenant has no certificate for its bundle endpoint')
      throw error
    }
  }
  const bundle = endpointBundleRoute((serverName) => tenants.tenantIdOf(serverName))
  const app = await buildHttp(wired.http, [bindRoutes(wired.spiffe, [bundle])], {
    ...options,
    tls: {
      cert,
      key: key.reveal(),
      SNICallback: callbackify(contextOf),
    },
  })
  const url = await listen(app, address, true)
  identity.follow(app.server as Server)
  closers.add('bundle listener', () => app.close())
  return `${url}/spiffe/bundle`
}

async function listenForMetrics(
  wired: Wired,
  address: ListenAddress,
  scrape: ReturnType<typeof bindRoutes>,
  options: Omit<HttpOptions, 'tls'>,
  closers: Closers,
): Promise<string> {
  const app = await buildHttp(wired.http, [scrape], options)
  const url = await listen(app, address, false)
  closers.add('metrics listener', () => app.close())
  return `${url}/metrics`
}

function publicUrlOf({ publicUrl }: Config, bound: ListenAddress): string {
  const host = publicUrl === undefined ? bound.host : new URL(publicUrl).hostname.replaceAll(/^\[|\]$/g, '')
  return `https://${formatListenAddress({ host, port: bound.port })}`
}

/** A token is minted by our clock, so none is while the clocks disagree. */
function mintingTokens(clockWatch: ClockWatch, plugin: FastifyPluginAsync): FastifyPluginAsync {
  return async (scope) => {
    scope.addHook('onRequest', async (request) => {
      if (request.routeOptions.url?.endsWith('/oauth/token') === true) clockWatch.assertAgreed()
    })
    await plugin(scope, {})
  }
}

async function listen(app: FastifyInstance, address: ListenAddress, tls: boolean): Promise<string> {
  await app.listen({ host: address.host, port: address.port })
  const bound = app.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return `${tls ? 'https' : 'http'}://${formatListenAddress({ host: address.host, port })}`
}

async function listenOn(server: Server, { host, port }: ListenAddress): Promise<number> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.off('error', fail)
      done()
    })
  })
  return (server.address() as AddressInfo).port
}

/** What is under way is finished; who only waits is let go. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()))
  server.closeIdleConnections()
  await closed
}
