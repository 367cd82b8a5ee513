/**
 * What a credential provider is: the plug-in that makes and removes credentials on one kind of resource.
 *
 * A provider is one object with typed settings, an honest statement of what it can promise, and `open`. What only some
 * can do is a small interface of its own (`Renewable`, `Enumerable`). The conformance suite (`conformance.ts`) judges
 * every provider on a real server.
 */
import type { BoundTo, CredentialId } from '@mayfly/domain'
import type { z } from 'zod'
import type { PublishedEnds, SelfContained, TokenStatement } from './self-contained.ts'
import type { Secret } from './secret.ts'

/** What a provider can promise, as data: shown to people, judged by policies, printed in the reference. */
export interface Guarantees {
  /** Who ends a credential at `expiresAt` when Mayfly is down. */
  readonly expiryEnforcedBy: 'target' | 'mayfly'
  /** True where `revoke` ends open sessions too, not only new logins. */
  readonly revokeCutsOpenSessions: boolean
  /** The bindings that this kind of target knows, strongest first. */
  readonly bindings: readonly BoundTo[]
  /** What stays possible after the end, in one sentence each; empty where nothing does. */
  readonly limits: readonly string[]
}

/** Where a credential lives at its target. Derived from the credential's id before the target is touched (law 1). */
export interface AccountHandle {
  readonly credentialId: CredentialId
  /** At most 63 bytes of `[a-z0-9_]`. */
  readonly accountName: string
}

export interface IssueRequest<Permission> {
  readonly permission: Permission
  /** Values for the closed parameters that the role declares. */
  readonly parameters: Readonly<Record<string, string>>
  readonly expiresAt: Date
  /** After this moment the target itself must refuse or have undone an unfinished create (law 1). */
  readonly createDeadlineAt: Date
  /** For self-contained kinds, and for these always: what to say, and what to sign it with. */
  readonly statement?: TokenStatement
}

export interface IssuedAccount {
  /** What the holder needs, field by field, e.g. `username`, `password`, `host`. Secret fields are `Secret`. */
  readonly fields: Readonly<Record<string, string | number | Secret>>
  readonly boundTo: BoundTo
  readonly expiresAt: Date
}

/**
 * Told as it happens, once a handle and moment; the caller records each moment durably.
 * `cut`: no new login and no open session, seen at the target. `removed`: the target says absent.
 */
export interface RevokeReport {
  cut(handles: readonly AccountHandle[]): Promise<void>
  removed(handles: readonly AccountHandle[]): Promise<void>
  /** Not yet removed, and why, in words fit for a person: no SQL, no host, no secret. Stays due. */
  pending(handle: AccountHandle, reason: string): Promise<void>
}

export type AccountState =
  /** The target says that there is no such account. */
  | 'absent'
  /** It is there and can log in. */
  | 'usable'
  /** It is there and can not log in. */
  | 'disabled'

export interface Observation {
  readonly handle: AccountHandle
  readonly state: AccountState
  readonly openSessions: number
}

/** One line of what `resource check` proved by doing. */
export interface CheckFinding {
  readonly check: string
  readonly outcome: 'passed' | 'warned' | 'failed'
  readonly detail: string
  readonly hint?: string
}

/**
 * An open way to one target. Every call honours `signal`; all throw MayflyError `target_*`, and `loginRefused` where the
 * target does not take the login's secret: the caller may then call again with another one.
 */
export interface Target<Permission> {
  /**
   * Creates the account. Called once a handle; never retried by the caller: a second call is refused. After an abort or a
   * timeout the account may still come to be, until `createDeadlineAt`.
   */
  issue(handle: AccountHandle, request: IssueRequest<Permission>, signal: AbortSignal): Promise<IssuedAccount>
  /**
   * Ends accounts for good: cut, then remove. Idempotent: an absent account is removed. Handles several at once, in
   * batches fit for the target; one that cannot be removed does not hold up the others.
   */
  revoke(handles: readonly AccountHandle[], report: RevokeReport, signal: AbortSignal): Promise<void>
  /** Asks the target. Never remembers. One answer for each handle, in their order. */
  observe(handles: readonly AccountHandle[], signal: AbortSignal): Promise<readonly Observation[]>
  /** Proves by doing that the settings suffice: issues, logs in, cuts, sees it dead. Leaves nothing behind. */
  check(probe: CheckProbe<Permission>, signal: AbortSignal): Promise<readonly CheckFinding[]>
  close(): Promise<void>
}

export interface CheckProbe<Permission> {
  /** A permission to try, where the resource has a role already. */
  readonly permission?: Permission
  /** A fresh handle for each call. */
  newHandle(): AccountHandle
}

/** Ability: move the end of a live account. Throws `credential_not_renewable` when the account is gone or cut. */
export interface Renewable {
  renew(handle: AccountHandle, expiresAt: Date, signal: AbortSignal): Promise<void>
}

/** Ability: list the accounts that carry Mayfly's name pattern, to find those without a row. */
export interface Enumerable {
  listAccounts(signal: AbortSignal): AsyncIterable<string>
}

/**
 * Ability: change the secret of the login that Mayfly itself uses at the target to one that only Mayfly knows (law 12).
 * The provider then has `ownLogin` too.
 */
export interface Adoptable<SecretFields> {
  /**
   * Makes the target accept `next` for Mayfly's own login in place of what it accepts now, and proves it by logging in.
   * Idempotent, also where `next` is in force already; of several calls at once with one `next` all succeed. After an
   * abort or a timeout it may still take effect, for 30 seconds at most: the target itself enforces that.
   *
   * Does NOT end sessions that are open: they belong to other servers of Mayfly, among others.
   *
   * @throws MayflyError `target_refused` where the target keeps `next` and yet does not log in with it
   */
  adopt(next: SecretFields, signal: AbortSignal): Promise<void>
}

/** What a provider knows of its own logins without asking a target. Pure. */
export interface OwnLogin<Settings, SecretFields> {
  /**
   * Which login at which target, as text: equal for two resources that share one, whose secret must not be changed for
   * one of them alone. Compares what was written: two names of one host are not seen to be one.
   */
  keyOf(config: TargetConfig<Settings, SecretFields>): string
  /** The secret to use from now on, not yet in force: JSON text, in the fields that `secret` parses. */
  next(current: SecretFields): Secret
}

export interface TargetConfig<Settings, SecretFields> {
  readonly settings: Settings
  readonly secret: SecretFields
  /** For self-contained kinds: what verifiers are told. */
  readonly published?: PublishedEnds
}

export interface AccountProvider<Settings, Permission, SecretFields> {
  readonly kind: string
  readonly title: string
  /** A closed object (`z.strictObject`); unknown keys are refused. */
  readonly settings: z.ZodType<Settings>
  /**
   * The admin login at the target: sealed at rest, entered again when an address or TLS setting changes. Parsing may turn
   * a field into a `Secret`, which serialises to `[secret]`: seal what was entered, and parse it again to open.
   */
  readonly secret: z.ZodType<SecretFields>
  /** Names of the settings that say where the target is and how it is trusted. */
  readonly addressSettings: readonly (keyof Settings & string)[]
  /** What a role permits: closed words, never statements. */
  readonly permission: z.ZodType<Permission>
  readonly guarantees: Guarantees
  /** The least rights at the target as text that can be run, for `mayfly resource guide KIND`. */
  guide(): string
  /** The account name of a credential: pure, so that the row can hold it before the account exists. */
  plan(credentialId: CredentialId): AccountHandle
  /** For kinds that sign what they issue and keep nothing at a target. */
  readonly selfContained?: SelfContained<Settings, Permission>
  /** Where Mayfly can change the secret of its own login; the open target is `Adoptable`. */
  readonly ownLogin?: OwnLogin<Settings, SecretFields>
  open(
    config: TargetConfig<Settings, SecretFields>,
  ): Promise<Target<Permission> & Partial<Renewable & Enumerable & Adoptable<SecretFields>>>
}
