/** A store and a target of a test's own, with one identity that may use one role there. */
import { Secret } from '@mayfly/provider-kit'
import { functionsGuide } from '@mayfly/provider-postgres'
import pg from 'pg'
import type { CallContext } from '../../../packages/server/src/application/credential/issue-deps.ts'
import {
  type IssuedCredential,
  issueCredential,
} from '../../../packages/server/src/application/credential/issue-credential.ts'
import type { IssueInput } from '../../../packages/server/src/application/credential/issue-request.ts'
import type { CredentialRow } from '../../../packages/server/src/store/credential-rows.ts'
import {
  canLogIn as tryLogin,
  createTargetDatabase,
  createTestDatabase,
  type TargetDatabase,
  until,
  withClient,
} from '../../support/index.ts'
import { type LifecycleOptions, openLifecycle, type TargetPlace } from './open-lifecycle.ts'

export interface PreparedTarget {
  readonly target: TargetDatabase
  readonly place: TargetPlace
  readonly group: string
}

/** A target with a table, a group that may read it, and Mayfly's rights by the guide. */
export async function prepareTarget(version: 18 | 15): Promise<PreparedTarget> {
  const target = await createTargetDatabase(version)
  const group = target.roleName('readers')
  const login = { username: target.roleName('mayfly'), password: 'a-password-of-a-test' }
  await withClient(target.superuser.url, async (client) => {
    await client.query(`create role ${group}; create table orders (id integer primary key);
      insert into orders values (1); grant select on orders to ${group};
      grant connect on database ${target.database} to ${group}`)
    await client.query(functionsGuide({ login: login.username, groups: [group] }))
    await client.query(`alter role ${login.username} password '${login.password}'`)
  })
  const { host, port, database } = target
  return { target, place: { host, port, database, login }, group }
}

export type Fixture = Awaited<ReturnType<typeof createFixture>>

export async function createFixture(version: 18 | 15 = 18, options: LifecycleOptions = {}) {
  const [store, { target, place, group }] = await Promise.all([createTestDatabase(), prepareTarget(version)])
  const life = await openLifecycle(store.url, options)
  const administrator = await life.makePerson('ada@example.org', 'administrator')
  const owner = await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('nightly-report', 'orders-team')
  const resource = await life.makeResource('orders-db', 'orders-team', place)
  const role = await life.makeRole('orders-db', 'readonly', group)
  const call = await life.callOf(identity.identity_id)

  const sql = (statement: string, values: readonly unknown[] = []) =>
    withClient(target.superuser.url, async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(statement, [...values])
      return rows
    })

  return {
    life,
    store,
    target,
    place,
    group,
    administrator,
    owner,
    identity,
    resource,
    role,
    call,
    sql,
    issue: (input: Partial<IssueInput> = {}, as: CallContext = call): Promise<IssuedCredential> =>
      issueCredential(life.deps, as, { role: 'orders-db/readonly', ...input }),
    /** Eight in flight, as a busy caller would. */
    async issueMany(count: number, input: Partial<IssueInput> = {}): Promise<IssuedCredential[]> {
      const issued: IssuedCredential[] = []
      const waiting = Array.from({ length: count }).values()
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (const _one of waiting) issued.push(await this.issue(input))
        }),
      )
      return issued
    },
    /** Whether the target knows the account. */
    async exists(row: CredentialRow): Promise<boolean> {
      return (await sql('select from pg_roles where rolname = $1', [row.account_name])).length > 0
    },
    rowOf: (row: CredentialRow): Promise<CredentialRow> =>
      life.inTenant((tx) =>
        tx.query
          .selectFrom('credential')
          .selectAll()
          .where('credential_id', '=', row.credential_id)
          .executeTakeFirstOrThrow(),
      ),
    async becomes(row: CredentialRow, state: CredentialRow['state'], withinMs = 10_000): Promise<CredentialRow> {
      return until(
        async () => {
          const now = await this.rowOf(row)
          return now.state === state ? now : undefined
        },
        { withinMs, describe: `credential ${row.credential_id} is ${state}` },
      )
    },
    /** Law 1, seen at the target: every account of ours there has a row that is not yet gone. */
    async accountsWithoutRow(): Promise<readonly string[]> {
      const accounts = await sql(
        `select r.rolname::text as name from pg_auth_members m join pg_roles r on r.oid = m.member
         join pg_roles g on g.oid = m.roleid where g.rolname = $1 and r.rolname like 'mayfly\\_%'`,
        [group],
      )
      const rows = await life.inTenant((tx) =>
        tx.query
          .selectFrom('credential')
          .select('account_name')
          .where('state', 'in', ['requested', 'active', 'revoking'])
          .execute(),
      )
      const known = new Set(rows.map((row) => row.account_name))
      return accounts
        .map((row) => String(row['name']))
        .filter((name) => name !== place.login.username && !known.has(name))
    },
    /**
     * Holds creates, cuts and drops inside this target: what is made from now on, and the accounts that stand. Nothing
     * else on its server feels it, where other suites are at work.
     */
    async holdAccounts(): Promise<{ release(): Promise<void> } & AsyncDisposable> {
      const client = new pg.Client(target.superuser.url)
      await client.connect()
      await client.query('begin; lock table mayfly.permitted_group in access exclusive mode')
      await client.query(
        `select from pg_authid a join pg_auth_members m on m.member = a.oid
          where m.roleid = $1::regrole for update of a`,
        [group],
      )
      let held = true
      const release = async () => {
        if (!held) return
        held = false
        await client.query('rollback')
        await client.end()
      }
      return { release, [Symbol.asyncDispose]: release }
    },
    /** A create has reached the target and waits there. */
    async createIsWaiting(): Promise<void> {
      await until(
        async () =>
          (
            await sql(`select from pg_stat_activity where usename = $1 and wait_event_type = 'Lock'`, [
              place.login.username,
            ])
          ).length > 0,
        { withinMs: 15_000, describe: 'the create waits at the target' },
      )
    },
    async [Symbol.asyncDispose]() {
      await life.close()
      await target.drop()
      await store.drop()
    },
  }
}

/** A clock that a test moves; it goes on with the real one from where it was put. */
export function movableClock() {
  let offsetMs = 0
  return {
    now: () => new Date(Date.now() + offsetMs),
    moveBySeconds(seconds: number): void {
      offsetMs += seconds * 1_000
    },
  }
}

export function canLogIn(issued: IssuedCredential, password?: string): Promise<boolean> {
  const fields = fieldsOf(issued)
  return tryLogin({
    host: String(fields['host']),
    port: Number(fields['port']),
    database: String(fields['database']),
    user: String(fields['username']),
    password: password ?? passwordOf(issued),
  })
}

export function passwordOf(issued: IssuedCredential): string {
  const password = fieldsOf(issued)['password']
  if (!(password instanceof Secret)) throw new Error('an issued login has a password')
  return password.reveal()
}

function fieldsOf(issued: IssuedCredential) {
  if (issued.fields === undefined) throw new Error('nothing was told')
  return issued.fields
}

export interface OpenSession {
  /** Whether a statement still goes through. */
  works(): Promise<boolean>
  close(): Promise<void>
}

export async function openSession(issued: IssuedCredential): Promise<OpenSession> {
  const fields = fieldsOf(issued)
  const client = new pg.Client({
    host: String(fields['host']),
    port: Number(fields['port']),
    database: String(fields['database']),
    user: String(fields['username']),
    password: passwordOf(issued),
  })
  // The target ends it in these tests; unheard, that would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return {
    async works() {
      try {
        await client.query('select count(*) from orders')
        return true
      } catch {
        return false
      }
    },
    close: () => client.end(),
  }
}
