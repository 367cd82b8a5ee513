/** The server's Prometheus metrics. Labels come from closed sets: routes, kinds, codes; never names or ids. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RequestReport } from '../http/http-deps.ts'

export interface Metrics {
  observeRequest(report: RequestReport): void
  /** The text that a scrape gets, and its media type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>
}

/** What is read anew at each scrape. */
export interface Gauges {
  readonly credentialsLive: number
  /** Revocations that are still running, and the credentials that they wait for. */
  readonly revocationsRunning: number
  readonly credentialsDue: number
  /** Of what is due, the oldest: how long it has waited. */
  readonly oldestDueSeconds: number
  readonly redecisionsDue: number
  readonly sequencerLagSeconds: number
  readonly findingsOpen: number
  /** Of the revocations of the last ten minutes. */
  readonly slowestCutSeconds: number
  readonly slowestRevocationSeconds: number
}

const descriptions: Readonly<Record<keyof Gauges, { name: string; help: string }>> = {
  credentialsLive: { name: 'mayfly_credentials_live', help: 'credentials requested or active' },
  revocationsRunning: { name: 'mayfly_revocations_running', help: 'revocations that are not complete' },
  credentialsDue: { name: 'mayfly_credentials_due', help: 'credentials whose removal at the target is due' },
  oldestDueSeconds: {
    name: 'mayfly_credentials_due_oldest_seconds',
    help: 'how long the oldest due removal has waited',
  },
  redecisionsDue: {
    name: 'mayfly_redecisions_due',
    help: 'changes after which credentials are still to be decided again',
  },
  sequencerLagSeconds: {
    name: 'mayfly_log_lag_seconds',
    help: 'how long the oldest entry has waited for a checkpoint',
  },
  slowestCutSeconds: {
    name: 'mayfly_revocation_cut_seconds_worst',
    help: 'of the revocations of the last ten minutes, the longest until no session and no login was left',
  },
  slowestRevocationSeconds: {
    name: 'mayfly_revocation_complete_seconds_worst',
    help: 'of the revocations of the last ten minutes, the longest until all was absent at the targets',
  },
  findingsOpen: { name: 'mayfly_findings_open', help: 'open findings' },
}

export function makeMetrics(read: () => Promise<Gauges>): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const seconds = new Histogram({
    name: 'mayfly_http_request_seconds',
    help: 'time to answer, by route and class of status; issue and revoke are routes',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [register],
  })
  const refused = new Counter({
    name: 'mayfly_http_refusals_total',
    help: 'answers with status 401, 403 or 429',
    labelNames: ['status'] as const,
    registers: [register],
  })
  const gauges = Object.entries(descriptions).map(([key, { name, help }]) => ({
    key: key as keyof Gauges,
    gauge: new Gauge({ name, help, registers: [register] }),
  }))
  return {
    observeRequest({ method, route, status, durationSeconds }) {
      seconds.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, durationSeconds)
      if (status === 401 || status === 403 || status === 429) refused.inc({ status: String(status) })
    },
    async render() {
      const values = await read()
      for (const { key, gauge } of gauges) gauge.set(values[key])
      return { text: await register.metrics(), contentType: register.contentType }
    },
  }
}
