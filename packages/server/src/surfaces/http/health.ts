/** Health and readiness: for supervisors and load balancers, which have no token. */
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import type { CoreDeps } from '../../application/context.ts'
import { definePublicRoute, type Route } from './define-route.ts'

/** One thing that must hold for this server to take work. Throws MayflyError where it does not. */
export interface ReadinessCheck {
  readonly name: string
  check(): Promise<void>
}

export interface HealthDeps extends CoreDeps {
  readonly readiness: readonly ReadinessCheck[]
}

const readiness = z.object({
  ready: z.literal(true),
  checks: z.record(z.string(), z.literal('ok')),
})

export const healthRoutes: readonly Route<HealthDeps>[] = [
  definePublicRoute({
    method: 'GET',
    path: '/healthz',
    name: 'getHealth',
    summary: 'say that the process is alive',
    why: 'says only that the process answers',
    response: z.object({ alive: z.literal(true) }),
    handle: async (_deps: HealthDeps) => ({ alive: true as const }),
  }),
  definePublicRoute({
    method: 'GET',
    path: '/readyz',
    name: 'getReadiness',
    summary: 'say whether this server can take work',
    description: 'Checks the database, the clock, the audit log and the keys. Not ready is a problem with status 503.',
    why: 'names which check fails, nothing of what it found',
    response: readiness,
    problems: ['database_unavailable', 'clock_skewed', 'issuance_paused', 'key_unusable'],
    handle: async (deps: HealthDeps) => {
      const results = await Promise.all(
        deps.readiness.map(async (one) => ({ name: one.name, failure: await failure(one) })),
      )
      const failed = results.find((result) => result.failure !== undefined)
      if (failed?.failure === undefined) {
        return { ready: true as const, checks: Object.fromEntries(results.map(({ name }) => [name, 'ok' as const])) }
      }
      const checks = Object.fromEntries(results.map((result) => [result.name, result.failure?.code ?? 'ok']))
      deps.logger.warn({ checks }, 'not ready')
      throw new MayflyError(failed.failure.code, { extra: { checks }, cause: failed.failure })
    },
  }),
]

async function failure(one: ReadinessCheck): Promise<MayflyError | undefined> {
  try {
    await one.check()
    return undefined
  } catch (error) {
    return error instanceof MayflyError ? error : new MayflyError('internal', { cause: error })
  }
}
