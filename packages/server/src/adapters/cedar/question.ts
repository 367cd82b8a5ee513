/** What Cedar is asked, in the JSON that it reads. */
import type { EntityUid } from './entity-uid.ts'

export type CedarValue =
  | boolean
  | number
  | string
  | readonly CedarValue[]
  | { readonly __entity: EntityUid }
  | { readonly __extn: { readonly fn: string; readonly arg: string } }
  | { readonly [name: string]: CedarValue }

export interface CedarEntity {
  readonly uid: EntityUid
  readonly attrs: Readonly<Record<string, CedarValue>>
  readonly parents: readonly EntityUid[]
  readonly tags?: Readonly<Record<string, CedarValue>>
}

export interface Question {
  readonly principal: EntityUid
  /** The action's name, e.g. `credential.issue`. */
  readonly action: string
  readonly resource: EntityUid
  readonly context: Readonly<Record<string, CedarValue>>
  readonly entities: readonly CedarEntity[]
}
