/**
 * Duties: what a permit obliges to. The vocabulary is closed, so that no obligation is ever silently ignored.
 *
 * With several permits the union of their duties holds, and of each duty the strictest value.
 */
import type { BoundTo, Environment } from '@mayfly/domain'

/** What the caller of a permit must do. */
export interface Duties {
  /** The longest life of what is issued, from now. Never above the environment's ceiling, but for a task's deadline. */
  readonly maxTtlSeconds: number
  readonly requireTask?: true
  readonly requireApproval?: true
  /** The weakest binding that will do. */
  readonly requireBinding?: BoundTo
  /** Present where `maxTtlSeconds` reaches to the task's deadline; its cap. */
  readonly untilTaskDeadlineSeconds?: number
}

/** The longest life of a credential where no policy says less: a policy can lower it, only `@until_task_deadline` raises it. */
export const ttlCeilingSeconds = {
  development: 28_800,
  staging: 3_600,
  production: 900,
} as const satisfies Record<Environment, number>

/** The longest session of a person where no policy says less: a working day. */
export const sessionCeilingSeconds = 43_200
