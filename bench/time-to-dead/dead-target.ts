/** What a kind of target needs so that the end of its credentials can be timed by clients that are not Mayfly's. */
import type { JsonValue, ResourceId } from '@mayfly/domain'
import type { AccountHandle, IssuedAccount } from '@mayfly/provider-kit'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import type { Lifecycle } from '../../test/integration/lifecycle/open-lifecycle.ts'

export type Fields = IssuedAccount['fields']

export interface DeadTarget {
  readonly kind: string
  /** Absent for the kind that every lifecycle has. */
  readonly provider?: Provider
  readonly resource: {
    readonly settings: unknown
    readonly secret: JsonValue
    readonly permission: unknown
  }
  /** Called once its resource is registered, for kinds of which verifiers read what Mayfly publishes. */
  attach?(life: Lifecycle, resourceId: ResourceId): Promise<void>
  /** Told of each that was issued, where nothing at the target is named after it. */
  learn?(handle: AccountHandle, fields: Fields): void
  /** One login by a client of the target's own. False: refused; anything else that goes wrong is thrown. */
  logIn(fields: Fields): Promise<boolean>
  /**
   * How many credentials are watched, in how many a session is held, and how long to pause between looks at who is there
   * (milliseconds): where a login or a look costs so much that it would be measured itself.
   */
  readonly watch?: { readonly logins: number; readonly sessions: number; readonly absentEveryMs?: number }
  /** A session that is held; absent where the target knows none. */
  hold?(fields: Fields): Promise<HeldSession>
  /** Of these accounts the names of those that the target says are there. */
  present(handles: readonly AccountHandle[]): Promise<ReadonlySet<string>>
  close(): Promise<void>
}

export interface HeldSession {
  /** Settles when the target has ended it. */
  readonly ended: Promise<void>
  close(): void
}

/** What is secret among the fields, as text. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name]
  if (value === undefined) throw new Error(`what was issued has no \`${name}\``)
  return typeof value === 'object' ? value.reveal() : String(value)
}
