import type { ObservedSession } from '@mayfly/provider-kit'

/**
 * The few things that the two ways of having rights at a target (`functions`, `createrole`) do differently. What must
 * happen in which order stands once, in `postgres-cut.ts` and `postgres-remove.ts`.
 *
 * Every call is one transaction at the target and names at most `batchSize` accounts.
 */
export interface PostgresWay {
  /** Creates the login. The target itself gives up at `createDeadlineAt`. */
  issue(account: NewLogin, signal: AbortSignal): Promise<void>
  /** False where the login is gone, cut or past its end. */
  renew(accountName: string, expiresAt: Date, signal: AbortSignal): Promise<boolean>
  /** NOLOGIN, committed. Returns the accounts that are still as they were (55P03: a transaction has locked the row). */
  disable(accountNames: readonly string[], signal: AbortSignal): Promise<readonly Blocked[]>
  /** Ends sessions; says what it saw before it did. See `LoginScan`. */
  endSessions(
    accountNames: readonly string[],
    suspects: readonly string[] | undefined,
    endSuspects: boolean,
    signal: AbortSignal,
  ): Promise<LoginScan>
  /** Sessions of accounts of our pattern, and of roles that are gone, in one query. */
  listSessions(signal: AbortSignal): Promise<readonly ObservedSession[]>
  /** Ends these and no others. */
  cutSessions(sessions: readonly ObservedSession[], signal: AbortSignal): Promise<void>
  listPrepared(accountNames: readonly string[], signal: AbortSignal): Promise<readonly PreparedTransaction[]>
  /** Makes Mayfly able to become these accounts, which is needed to roll back and to drop in other databases. */
  adopt(accountNames: readonly string[], signal: AbortSignal): Promise<void>
  /** Takes memberships away from accounts that can not be removed yet. */
  strip(accountNames: readonly string[], signal: AbortSignal): Promise<void>
  /** Drops what the accounts own in the database of the settings. Returns those where something is in the way. */
  dropOwned(accountNames: readonly string[], signal: AbortSignal): Promise<readonly Blocked[]>
  /** Drops the accounts. Returns those where something is in the way. */
  dropRoles(accountNames: readonly string[], signal: AbortSignal): Promise<readonly Blocked[]>
}

export interface NewLogin {
  readonly accountName: string
  readonly verifier: string
  readonly memberOf: readonly string[]
  readonly connectionLimit: number
  readonly expiresAt: Date
  readonly createDeadlineAt: Date
}

export interface LoginScan {
  /** Accounts that had an open session. */
  readonly busy: readonly string[]
  /** Sessions whose role no longer exists. */
  readonly orphans: number
  /** Logins under way that nobody can tell the owner of yet, as `pid:transaction`. */
  readonly inFlight: readonly string[]
}

export interface PreparedTransaction {
  readonly accountName: string
  readonly gid: string
  readonly databaseName: string
  readonly ownerName: string
}

/** What the target said is in the way of one account; `reason` is its own list of objects, if it gave one. */
export interface Blocked {
  readonly accountName: string
  readonly state: string
  readonly reason: string
}

/** One transaction of NOLOGIN or DROP ROLE takes tens of milliseconds at this size, and a lock slot for each drop. */
export const batchSize = 1_000
