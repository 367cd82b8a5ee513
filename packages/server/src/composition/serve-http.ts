/** Puts the surfaces on their listeners. */
import { defaultTenantId } from '@mayfly/domain'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { isLoopback } from '../store/connection-options.ts'
import { bindRoutes, buildHttp } from '../surfaces/http/app.ts'
import type { HttpOptions } from '../surfaces/http/http-deps.ts'
import { metricsRoutes } from '../surfaces/http/metrics.ts'
import { bindResources } from '../surfaces/http/routes.ts'
import { makeMetrics } from '../surfaces/metrics/metrics.ts'
import { readGauges } from '../surfaces/metrics/read-gauges.ts'
import { oauthPlugin } from '../surfaces/oauth/oauth-plugin.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { Config } from './config.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { readinessChecks } from './readiness.ts'
import type { Wired } from './wire.ts'

export interface Served {
  readonly url: string
  readonly metricsUrl?: string
  close(): Promise<void>
}

export interface ServeInput {
  readonly wired: Wired
  readonly config: Config
  readonly clockWatch: ClockWatch
}

export async function serveHttp({ wired, config, clockWatch }: ServeInput): Promise<Served> {
  const { database, clock, logger } = wired.http
  const metrics = makeMetrics(() => readGauges(wired.http))
  const options: HttpOptions = {
    trustedProxies: config.trustedProxies,
    ...(config.tls !== undefined && { tls: config.tls }),
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
  const api = await buildHttp(
    wired.http,
    [
      ...bindResources({ ...wired, health: { database, clock, logger, readiness } }),
      ...(config.metricsListen === undefined && isLoopback(config.listen.host) ? [scrape] : []),
    ],
    options,
    [mintingTokens(clockWatch, oauthPlugin({ ...wired.http, ...wired.proof, issue: wired.lifecycle }))],
  )
  const url = await listen(api, config.listen, config.tls !== undefined)
  if (config.metricsListen === undefined) {
    return { url, ...(isLoopback(config.listen.host) && { metricsUrl: `${url}/metrics` }), close: () => api.close() }
  }
  const { tls: _plain, ...metricsOptions } = options
  const own = await buildHttp(wired.http, [scrape], { ...metricsOptions, onRequest: () => undefined })
  const metricsUrl = `${await listen(own, config.metricsListen, false)}/metrics`
  return {
    url,
    metricsUrl,
    async close() {
      await api.close()
      await own.close()
    },
  }
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
