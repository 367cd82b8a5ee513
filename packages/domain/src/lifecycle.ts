import type { CredentialState, IdentityState, TaskState } from './vocabulary.ts'

/**
 * The state machines. In SQL the same rule is the `where state = …` of each update, and a trigger refuses the rest.
 */
export const nextCredentialStates = {
  requested: ['active', 'revoking'],
  active: ['revoking'],
  revoking: ['revoked', 'abandoned'],
  revoked: [],
  abandoned: [],
} as const satisfies Record<CredentialState, readonly CredentialState[]>

export const nextTaskStates = {
  active: ['completed', 'failed', 'expired', 'revoked'],
  completed: [],
  failed: [],
  expired: [],
  revoked: [],
} as const satisfies Record<TaskState, readonly TaskState[]>

export const nextIdentityStates = {
  active: ['suspended', 'retired'],
  suspended: ['active', 'retired'],
  retired: [],
} as const satisfies Record<IdentityState, readonly IdentityState[]>

export function mayBecome<S extends string>(table: Record<S, readonly S[]>, from: S, to: S): boolean {
  return table[from].includes(to)
}
