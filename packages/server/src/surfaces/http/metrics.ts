import { z } from 'zod'
import type { Metrics } from '../metrics/metrics.ts'
import { definePublicRoute, type Route } from './define-route.ts'

/** Registered where only this machine can reach the listener. */
export const metricsRoutes: readonly Route<{ readonly metrics: Metrics }>[] = [
  definePublicRoute({
    method: 'GET',
    path: '/metrics',
    name: 'getMetrics',
    summary: 'read the metrics (Prometheus text format)',
    why: 'only on a listener that the operator chose for it, or on loopback; holds counts, no names',
    response: z.string(),
    produces: 'text/plain; version=0.0.4; charset=utf-8',
    handle: async (deps: { readonly metrics: Metrics }) => ({ body: (await deps.metrics.render()).text }),
  }),
]
