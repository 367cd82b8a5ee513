/**
 * What a credential provider is: the plug-in that makes and removes credentials on one kind of resource.
 *
 * A provider is one object with typed settings, an honest statement of what it can promise, and `open`. What only some
 * can do is a small interface of its own (`Renewable`, `Enumerable`, `SessionObserver` and the others). The conformance suite (`conformance.ts`) judges
 * every provider on a real server.
 */
import type { BoundTo, CredentialId } from '@mayfly/domain'
import type { z } from 'zod'
import type { PublishedEnds, SelfContained, TokenStatement } from './self-contained.ts'
import type { Secret } from './secret.ts'
import type { SecretVersions } from './secret-versions.ts'

/** How a workload may send a key of its own: PEM `PUBLIC KEY`, PEM `CERTIFICATE REQUEST`, a line of OpenSSH, an nkey `U…`. */
export type HolderKeyFormat = 'spki' | 'csr' | 'openssh' | 'nkey'

/** What a provider can promise, as data: shown to people, judged by policies, printed in the reference. */
export interface Guarantees {
  /** Who ends a credential at `expiresAt` when Mayfly is down. */
  readonly expiryEnforcedBy: 'target' | 'mayfly'
  /** True where `revoke` ends open sessions too, not only new logins. */
  readonly revokeCutsOpenSessions: boolean
  /** The bindings that this kind of target knows, strongest first. */
  readonly bindings: readonly BoundTo[]
  /**
   * How a workload may send a key of its own, of which only it has the private half; absent where none is taken. A key
   * that Mayfly makes and hands over binds nothing: whoever has what was issued has the key too.
   */
  readonly holderKeys?: readonly HolderKeyFormat[]
  /** What stays possible after the end, in one sentence each; empty where nothing does. */
  readonly limits: readonly string[]
}

/** Where a credential lives at its target. Derived from the credential's id before the target is touched (law 1). */
export interface AccountHandle {
  readonly credentialId: CredentialId
  /** At most 63 bytes of `[a-z0-9_]`. */
  readonly accountName: string
  /** By what the target knows it, where no name can be chosen: what `prepareKey` made for this credential. No secret. */
  readonly targetKey?: string
  /** By when it has ended by itself, where the caller has its row: for targets that keep nothing that could be asked. */
  readonly expiresAt?: Date
}

/** A key by which a target knows a credential, public and (where Mayfly made it) private. */
export interface TargetKey {
  /** Its public half: 1 to 200 characters. Never that of another credential of the resource. */
  readonly targetKey: string
  /** Only on its way from `prepareKey` to `issue`: kept nowhere (law 6). Absent where the holder has it. */
  readonly privateKey?: Secret
}

export interface IssueRequest<Permission> {
  readonly permission: Permission
  /** Values for the closed parameters that the role declares. */
  readonly parameters: Readonly<Record<string, string>>
  readonly expiresAt: Date
  /** After this moment the target itself must refuse or have undone an unfinished create (law 1). */
  readonly createDeadlineAt: Date
  /** What the credential can be bound to beside the possession of what is issued. */
  readonly holder?: Holder
  /** For kinds with `prepareKey`, and for these always: what it made for this handle. */
  readonly key?: TargetKey
  /** For self-contained kinds, and for these always: what to say, and what to sign it with. */
  readonly statement?: TokenStatement
}

export interface Holder {
  /**
   * The public half of a key that the workload keeps, as it was sent: at most 16,384 characters, not yet parsed. Only for
   * kinds with `guarantees.holderKeys`, which refuse what they cannot read with `request_invalid` at `/public_key`.
   */
  readonly publicKey?: string
  /** From where the workload proved what it is, as the server saw it: an IPv4 or IPv6 address in its canonical text. */
  readonly address?: string
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
  /** Streams: 50,000 names must neither fill the memory nor hurt the target. Which credential a name is of, `credentialOf` says. */
  listAccounts(signal: AbortSignal): AsyncIterable<string>
}

/** Ability: end many at once for about the price of one. Without it `revoke` is given one handle at a time. */
export interface BulkRevocable {
  /** How many handles of one call serve the target best. `revoke` takes more, in batches. */
  readonly revokeBatchSize: number
}

/** One connection that is open at the target now. */
export interface ObservedSession {
  /** The target's own name for the connection, unique while it is open. */
  readonly sessionId: string
  /** Of Mayfly's name pattern; undefined where the account is gone and the session is not. */
  readonly accountName: string | undefined
  /** Where it comes from, as the target sees it: an address without its port; undefined for a local socket. */
  readonly sourceAddress?: string
  /** Since when, where the target says so; else it counts from when it was first seen. */
  readonly since?: Date
}

/** Ability: say who is connected with which credential, and end a connection that nobody answers for. */
export interface SessionObserver {
  /** All open sessions of accounts that carry Mayfly's name pattern, in one query whatever their number. */
  listSessions(signal: AbortSignal): Promise<readonly ObservedSession[]>
  /** Ends these sessions and no others; one that is gone already is no error. */
  cutSessions(sessions: readonly ObservedSession[], signal: AbortSignal): Promise<void>
}

/**
 * Ability: change the secret of an account that Mayfly did not make, for a static secret that cannot go away yet. The
 * provider then has `rotation` too. The account's name is as the target spells it; it never has Mayfly's pattern.
 */
export interface Rotatable {
  /**
   * Makes the target accept `next` for the account. With `overlap: 'same_account'` what it accepted before goes on until
   * `endPrevious`; with `'other_account'` it ends at once, and the caller alternates between two accounts. Idempotent.
   * After an abort or a timeout it may still take effect, for 30 seconds at most.
   */
  rotate(account: string, next: Secret, signal: AbortSignal): Promise<void>
  /** From now on the target accepts `current` alone, and the account's sessions are ended. Idempotent. */
  endPrevious(account: string, current: Secret, signal: AbortSignal): Promise<void>
  /** Tries it: true where the account logs in with this secret. Throws where the target cannot be asked. */
  accepts(account: string, secret: Secret, signal: AbortSignal): Promise<boolean>
}

/** What can be said of `Rotatable` without asking a target. */
export interface Rotation {
  /** Whether one account can have two secrets for a while. */
  readonly overlap: 'same_account' | 'other_account'
}

/**
 * Ability: tell the public what verifiers need: a CA certificate, a revocation list, an OCSP answer. Served without
 * authentication at `published.url` + `/` + name. The provider then has `documents` too.
 */
export interface Publisher {
  /** @returns undefined where there is no such thing */
  publish(request: PublicRequest, signal: AbortSignal): Promise<PublicAnswer | undefined>
}

export interface PublicDocument {
  /** One segment of a path: `[a-z0-9.-]`, e.g. `ca.pem`, `crl`, `ocsp`. */
  readonly name: string
  readonly title: string
  /** Where a request may be sent in a POST, as OCSP does: its media type. */
  readonly accepts?: string
}

export interface PublicRequest {
  readonly document: string
  /** What was POSTed, or followed the document's name in the path, decoded from base64 (RFC 6960 appendix A.1). At most 16 KiB. */
  readonly body?: Uint8Array
}

export interface PublicAnswer {
  readonly mediaType: string
  readonly body: Uint8Array
  /** How long a cache may keep it, in seconds; 0: not at all. */
  readonly maxAgeSeconds: number
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
  /** False where the login is not changed with these settings; default: true. */
  offeredUnder?(settings: Settings): boolean
  /** Of which kind of target the login is, where the provider works at those of other kinds; default: its own. */
  kindOf?(settings: Settings): string
  /**
   * Which login at which target, as text: equal for two resources that share one, whose secret must not be changed for
   * one of them alone. Compares what was written: two names of one host are not seen to be one.
   */
  keyOf(config: TargetConfig<Settings, SecretFields>): string
  /** The secret to use from now on, not yet in force: JSON text, in the fields that `secret` parses. */
  next(current: SecretFields, settings: Settings): Secret
}

export interface TargetConfig<Settings, SecretFields> {
  readonly settings: Settings
  readonly secret: SecretFields
  /** What has ended, asked where it is written, for kinds that publish it. The server always gives it. */
  readonly published?: PublishedEnds
  /** For kinds that keep a static secret. The server always gives it. */
  readonly versions?: SecretVersions
}

/** Ability: what has to be done at its time, without anybody asking: a rotation that is due, a version that is to end. */
export interface Upkept {
  /**
   * Does what is due, and what `order` asks for. Idempotent; several servers may call it at once.
   *
   * @returns when something is due next
   */
  upkeep(order: UpkeepOrder, signal: AbortSignal): Promise<Date>
}

export interface UpkeepOrder {
  /** Rotate now, although nothing is due: somebody asks, or the secret was seen where it does not belong. */
  readonly rotate?: 'on_demand' | 'leaked'
  /** End what came before at once, whoever uses it still. */
  readonly endNow?: boolean
}

/** Everything that an open target may be able to do beside. */
export type Abilities<SecretFields> = Renewable &
  Enumerable &
  BulkRevocable &
  SessionObserver &
  Rotatable &
  Publisher &
  Upkept &
  Adoptable<SecretFields>

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
  /** Back from the name: of which credential it is; undefined where `plan` did not make it. With `Enumerable` always. */
  credentialOf?(accountName: string): CredentialId | undefined
  /**
   * For kinds whose secret is in part made by Mayfly itself, e.g. the key of a CA: the whole secret as JSON text, in the
   * fields that `secret` parses. Called when the resource is registered, and when a secret is entered anew: `current` is then
   * what is in force, and what was made before is kept unless something else was entered for it.
   */
  completeSecret?(settings: Settings, entered: SecretFields, current: SecretFields | undefined): Promise<Secret>
  /** With `Publisher`: what can be fetched. */
  readonly documents?: readonly PublicDocument[]
  /** Of these, those that a resource with these settings has; absent: all of them. Pure. */
  documentsUnder?(settings: Settings): readonly PublicDocument[]
  /** With `Rotatable`. */
  readonly rotation?: Rotation
  /** Of `guarantees.bindings` those that a resource with these settings can give; absent: all of them. Pure. */
  bindingsUnder?(settings: Settings): readonly BoundTo[]
  /**
   * For targets that know a credential by a key and not by a name. Called once for each issue, before its row is written,
   * so that the row holds the key that its end will need (law 1): the holder's own, or a fresh one.
   *
   * @throws MayflyError `request_invalid` at `/public_key`
   */
  prepareKey?(holder: Holder): TargetKey
  /**
   * True where the target believes what is signed and keeps no account: nothing is made there, and of what was never
   * issued `observe` says `usable`, because it would be let in if it were signed.
   */
  readonly keepsNoAccount?: true
  /** For kinds that sign what they issue and keep nothing at a target. */
  readonly selfContained?: SelfContained<Settings, Permission>
  /** Where Mayfly can change the secret of its own login; the open target is `Adoptable`. */
  readonly ownLogin?: OwnLogin<Settings, SecretFields>
  open(config: TargetConfig<Settings, SecretFields>): Promise<Target<Permission> & Partial<Abilities<SecretFields>>>
}
