/**
 * Who asks, on whose behalf, and what every use case is given.
 */
import type { AttestationId, Clock, IdentityId, PersonId, PersonRole, TenantId } from '@mayfly/domain'
import type { Database } from '../store/database.ts'

/** Law 14: a signed-in person or a proven identity, or Mayfly itself at work on what is due. Never a string. */
export type Actor =
  | {
      readonly kind: 'person'
      readonly personId: PersonId
      readonly roles: readonly PersonRole[]
      readonly attestationId: AttestationId
    }
  | { readonly kind: 'identity'; readonly identityId: IdentityId; readonly attestationId: AttestationId }
  | { readonly kind: 'system'; readonly worker: string }

export interface RequestContext {
  readonly tenantId: TenantId
  readonly actor: Actor
  /** Goes through logs, entries and answers alike. */
  readonly requestId: string
  /** The peer's address; of `X-Forwarded-For` only what trusted proxies say. */
  readonly sourceAddress?: string
}

/** The part of pino that the application uses. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface CoreDeps {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
}

/** An actor as it stands in rows and entries. */
export type ActorRecord = Readonly<Record<string, string>>

/** How an actor stands in rows and entries: ids only, since the log cannot forget a name. */
export function actorRecord(actor: Actor): Record<string, string> {
  switch (actor.kind) {
    case 'person':
      return { kind: 'person', id: actor.personId, attestation_id: actor.attestationId }
    case 'identity':
      return { kind: 'identity', id: actor.identityId, attestation_id: actor.attestationId }
    case 'system':
      return { kind: 'system', id: actor.worker }
  }
}
