/**
 * The other way: Mayfly's login has CREATEROLE, for targets where nobody may install functions.
 *
 * From PostgreSQL 16 on, a creator is a member of every role that it made and each change walks that list, so the roles
 * are spread over several creator roles (about 200 live logins each). On 15 CREATEROLE is nearly superuser: there,
 * prefer the functions.
 * Limit: sessions of a role that someone else dropped can only be ended with pg_signal_backend.
 */
import { sessionOf, underDeadline } from './functions-way.ts'
import { dropOwnedAs } from './drop-owned-as.ts'
import { eachAlone } from './each-alone.ts'
import { MayflyError } from '@mayfly/domain'
import { readError } from './postgres-error.ts'
import type { Session, Sessions } from './postgres-session.ts'
import type { Blocked, NewLogin, PostgresWay } from './postgres-way.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import { quoteLiteral } from './quote-literal.ts'

/** Accounts by the role that may change them; `undefined` stands for Mayfly's own login. */
type ByCreator = ReadonlyMap<string | undefined, readonly string[]>

const adminAttributes = 'r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls'

export function createroleWay(sessions: Sessions, creatorRoles: readonly string[]): PostgresWay {
  /**
   * Runs statements as the creator of the accounts, in one transaction and one round trip for each creator. Nothing here
   * waits long for a lock: one account that somebody holds must not hold up the others.
   */
  const asCreators = async (
    doing: string,
    names: readonly string[],
    signal: AbortSignal,
    statements: (names: readonly string[], creator: string, session: Session) => readonly string[],
  ) =>
    sessions.run(doing, signal, async (session) => {
      const rows = []
      for (const [creator, made] of await findCreators(session, names)) {
        const role = creator ?? sessions.username
        const script = [...become(creator), `set local lock_timeout = '250ms'`, ...statements(made, role, session)]
        rows.push(...(await session.script(script.join('; '))))
      }
      return rows
    })

  return {
    async issue(login, signal) {
      await sessions.run('issue', signal, async (session) => {
        await refuseAdminGroups(session, login.memberOf)
        await underDeadline(session, login.createDeadlineAt, [
          ...become(session.serverVersion >= 160_000 ? creatorFor(login.accountName, creatorRoles) : undefined),
          beforeDeadline(login.createDeadlineAt),
          createRole(login),
          ...login.memberOf.map(
            (group) => `grant ${quoteIdentifier(group)} to ${login.accountName}${issuedMembership(session)}`,
          ),
          beforeDeadline(login.createDeadlineAt),
        ])
      })
    },

    async renew(accountName, expiresAt, signal) {
      const usable = `select rolname::text as name from pg_roles where rolname = ${quoteLiteral(accountName)} and rolcanlogin`
      const rows = await asCreators('renew', [accountName], signal, ([name]) => [
        // Only where it has not ended: the target's clock decides, in the same transaction.
        inBlock(`
          if exists (select from pg_roles where rolname = '${name}' and rolcanlogin and rolvaliduntil > clock_timestamp()) then
            alter role ${name} valid until '${expiresAt.toISOString()}';
          end if`),
        `${usable} and rolvaliduntil = '${expiresAt.toISOString()}'`,
      ])
      return rows.length > 0
    },

    async disable(names, signal) {
      await asCreators('cut', names, signal, (made) => [
        inBlock(
          forEachAccount(
            made,
            `execute format('alter role %I nologin valid until ''-infinity''', account);`,
            `when undefined_object or insufficient_privilege then null;
             -- Waited once; the next ones that are locked are found out at once.
             when lock_not_available then perform set_config('lock_timeout', '1ms', true);
             when internal_error then if sqlerrm is distinct from 'tuple concurrently updated' then raise; end if;`,
          ),
          'account text;',
        ),
      ])
      return sessions.run('cut', signal, async (session) => {
        const rows = await session.query(
          `select r.rolname::text as name, ${adminAttributes} as risen from pg_roles as r
            where r.rolname = any ($1) and r.rolcanlogin`,
          [names],
        )
        const left = rows.map((row) => String(row['name']))
        const ours = new Set([...(await findCreators(session, left)).values()].flat())
        return rows.map((row) => {
          const accountName = String(row['name'])
          // Nobody but a superuser may change a login that was given such an attribute.
          const beyond = row['risen'] === true || !ours.has(accountName)
          return { accountName, state: beyond ? '42501' : '55P03', reason: '' }
        })
      })
    },

    async endSessions(names, suspects, endSuspects, signal) {
      const seen = await sessions.run('cut', signal, (session) => scanLogins(session, names, suspects))
      const busy = [...new Set(seen.sessions.map((one) => one.accountName))]
      if (busy.length > 0) {
        await asCreators('cut', busy, signal, (made, creator, session) => [
          ...made.map((name) => `grant ${name} to ${quoteIdentifier(creator)}${adoptedMembership(session)}`),
          `select pg_terminate_backend(pid) from unnest(array[${seen.sessions
            .filter((one) => made.includes(one.accountName))
            .map((one) => one.pid)
            .join(', ')}]::integer[]) as pid`,
        ])
      }
      if (!endSuspects || seen.inFlight.length === 0) return { busy, orphans: seen.orphans, inFlight: seen.inFlight }

      // The target knows whose a login is before it shows it: a member of our accounts may end those and no others.
      // So who is refused is not ours.
      const pids = seen.inFlight.map((suspect) => Number.parseInt(suspect, 10))
      const refusals = await asCreators('cut', names, signal, (made, creator, session) => [
        ...made.map((name) => `grant ${name} to ${quoteIdentifier(creator)}${adoptedMembership(session)}`),
        inBlock(
          `foreach pid in array array[${pids.join(', ')}]::integer[] loop
             begin
               perform pg_terminate_backend(pid);
             exception when insufficient_privilege then refused := refused || pid;
             end;
           end loop;
           perform set_config('mayfly.refused', array_to_string(refused, ','), true)`,
          `pid integer; refused integer[] := '{}';`,
        ),
        `select current_setting('mayfly.refused') as refused`,
      ])
      const refusedBy = refusals.map((row) => new Set(String(row['refused']).split(',')))
      return {
        busy,
        orphans: seen.orphans,
        inFlight: seen.inFlight.filter((suspect) =>
          refusedBy.some((refused) => !refused.has(suspect.split(':')[0] ?? '')),
        ),
      }
    },

    async listSessions(signal) {
      const rows = await sessions.run('list sessions', signal, (session) => session.query(sessionsQuery, []))
      return rows.map(sessionOf)
    },

    async cutSessions(open, signal) {
      const named = Map.groupBy(open, (one) => one.accountName)
      for (const [name, theirs] of named) {
        const ids = theirs.map((one) => quoteLiteral(one.sessionId)).join(', ')
        // Looked for anew: a process that has another session by now is not ended. Since when it is open may have been
        // hidden when it was listed, and is shown to who has become a member since.
        const end = `select pg_terminate_backend(s.pid) from (${sessionsQuery}) as s
          where exists (select from unnest(array[${ids}]::text[]) as w(id)
                        where s.session_id = w.id or (w.id like '%:' and starts_with(s.session_id, w.id)))`
        if (name === undefined) {
          // Of a role that is gone: only pg_signal_backend may.
          await sessions.run('cut sessions', signal, (session) => session.query(end, []))
          continue
        }
        await asCreators('cut sessions', [name], signal, (made, creator, session) => [
          ...made.map((one) => `grant ${one} to ${quoteIdentifier(creator)}${adoptedMembership(session)}`),
          end,
        ])
      }
    },

    async listPrepared(names, signal) {
      const rows = await sessions.run('remove', signal, (session) => session.query(preparedQuery, [names]))
      return rows.map((row) => ({
        accountName: String(row['account']),
        gid: String(row['gid']),
        databaseName: String(row['database_name']),
        ownerName: String(row['owner_name']),
      }))
    },

    async adopt(names, signal) {
      await asCreators('remove', names, signal, (made, creator, session) =>
        made.map((name) => `grant ${name} to ${quoteIdentifier(creator)}${adoptedMembership(session)}`),
      )
    },

    async strip(names, signal) {
      await asCreators('remove', names, signal, (made) => [
        inBlock(
          `for granted in
             select g.rolname as group_name, r.rolname as account from pg_auth_members as m
             join pg_roles as r on r.oid = m.member join pg_roles as g on g.oid = m.roleid
             where r.rolname in (${made.map(quoteLiteral).join(', ')})
           loop
             begin
               execute format('revoke %I from %I', granted.group_name, granted.account);
             exception when insufficient_privilege or lock_not_available then null; -- the account stays due
             end;
           end loop`,
          'granted record;',
        ),
      ])
    },

    async dropOwned(names, signal) {
      const blocked = await eachAlone(names, signal, (some) => this.adopt(some, signal))
      const adopted = names.filter((name) => !blocked.some((one) => one.accountName === name))
      return [...blocked, ...(await sessions.run('remove', signal, (session) => dropOwnedAs(session, adopted)))]
    },

    async dropRoles(names, signal) {
      return sessions.run('remove', signal, async (session) => {
        const blocked: Blocked[] = []
        const risen = await listRisen(session, names)
        for (const accountName of risen) blocked.push({ accountName, state: 'MF005', reason: '' })
        const droppable = names.filter((name) => !risen.includes(name))
        for (const [creator, made] of await findCreators(session, droppable)) {
          blocked.push(...(await dropAs(session, creator, made)))
        }
        return blocked
      })
    },
  }
}

/** Spreads the accounts evenly: the last digits of a version 7 UUID are random. */
function creatorFor(accountName: string, creatorRoles: readonly string[]): string | undefined {
  return creatorRoles[Number.parseInt(accountName.slice(-8), 16) % creatorRoles.length]
}

function become(creator: string | undefined): readonly string[] {
  return creator === undefined ? [] : [`set local role ${quoteIdentifier(creator)}`]
}

function createRole(login: NewLogin): string {
  // The name was matched against a closed pattern before it came here.
  return (
    `create role ${login.accountName} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit ` +
    `password ${quoteLiteral(login.verifier)} valid until '${login.expiresAt.toISOString()}' ` +
    `connection limit ${login.connectionLimit}`
  )
}

/** 16 and later: SET FALSE, so that the login cannot make objects that belong to the group and outlive it. */
function issuedMembership(session: Session): string {
  return session.serverVersion >= 160_000 ? ' with inherit true, set false' : ''
}

function adoptedMembership(session: Session): string {
  return session.serverVersion >= 160_000 ? ' with inherit true, set true' : ''
}

function inBlock(body: string, declarations = ''): string {
  return `do $mayfly$ ${declarations === '' ? '' : `declare ${declarations} `}begin ${body}; end $mayfly$`
}

function forEachAccount(names: readonly string[], action: string, handlers: string): string {
  return `foreach account in array array[${names.map(quoteLiteral).join(', ')}]::text[] loop
    begin ${action} exception ${handlers} end;
  end loop`
}

/** A message can be held up on its way for longer than its sender lives; statement_timeout starts when it arrives. */
function beforeDeadline(deadlineAt: Date): string {
  return inBlock(`
    if clock_timestamp() >= '${deadlineAt.toISOString()}' then
      raise exception 'the deadline for this create has passed' using errcode = 'MF002';
    end if`)
}

async function findCreators(session: Session, names: readonly string[]): Promise<ByCreator> {
  if (names.length === 0) return new Map()
  // 15: whoever has CREATEROLE may change any role that is not a superuser.
  if (session.serverVersion < 160_000) return new Map([[undefined, names]])
  const rows = await session.query(
    `select c.rolname::text as creator, c.rolname = session_user as own, array_agg(distinct r.rolname::text) as made
       from pg_roles as r
       join pg_auth_members as m on m.roleid = r.oid and m.admin_option
       join pg_roles as c on c.oid = m.member and c.rolcreaterole
      where r.rolname = any ($1) and pg_has_role(session_user, c.oid, 'MEMBER')
      group by 1, 2`,
    [names],
  )
  return new Map(
    rows.map((row) => [row['own'] === true ? undefined : String(row['creator']), row['made'] as readonly string[]]),
  )
}

/** Where and since when is shown to members of pg_read_all_stats alone. */
const sessionsQuery = `
  select a.pid, a.pid || ':' || a.usesysid || ':' || coalesce(extract(epoch from a.backend_start)::text, '') as session_id,
         a.usename::text as account, host(a.client_addr) as address, a.backend_start as since
  from pg_stat_activity as a
  where coalesce(a.backend_type, 'client backend') = 'client backend' and a.usesysid is not null and a.usesysid <> 0
    and (a.usename is null or a.usename ~ '^mayfly_[0-9a-f]{32}$')`

/** First who holds a virtual transaction, then who has a name: see `mayfly.end_sessions` in `sql/functions.sql`. */
async function scanLogins(session: Session, names: readonly string[], suspects: readonly string[] | undefined) {
  const holders = await session.query(
    `select distinct pid || ':' || virtualtransaction as holder from pg_locks
      where locktype = 'virtualxid' and pid is not null and pid <> pg_backend_pid()
        and ($1::text[] is null or pid || ':' || virtualtransaction = any ($1))`,
    [suspects ?? null],
  )
  const rows = await session.query(
    `select pid, usename::text as name, usesysid is not null and usesysid <> 0 as attributed, backend_type, wait_event,
            pg_has_role(session_user, 'pg_signal_backend', 'USAGE')
              and (select count(*) from pg_roles where rolname = any ($1)) < cardinality($1::text[]) as may_sweep
       from pg_stat_activity`,
    [names],
  )
  const wanted = new Set(names)
  const orphans = rows.filter((row) => row['attributed'] === true && row['name'] === null && row['may_sweep'] === true)
  if (orphans.length > 0) {
    await session.query('select pg_terminate_backend(pid) from unnest($1::integer[]) as pid', [
      orphans.map((row) => row['pid']),
    ])
  }
  const settled = new Set(
    rows
      .filter(
        (row) =>
          row['attributed'] === true || (row['backend_type'] !== null && row['backend_type'] !== 'client backend'),
      )
      .map((row) => String(row['pid'])),
  )
  return {
    sessions: rows
      .filter((row) => typeof row['name'] === 'string' && wanted.has(row['name']))
      .map((row) => ({ pid: Number(row['pid']), accountName: String(row['name']) })),
    orphans: orphans.length,
    inFlight: holders.map((row) => String(row['holder'])).filter((holder) => !settled.has(holder.split(':')[0] ?? '')),
  }
}

const preparedQuery = `
  select r.rolname::text as account, p.gid, p.database::text as database_name, p.owner::text as owner_name
    from pg_prepared_xacts as p join pg_roles as r on r.rolname = p.owner
   where r.rolname = any ($1)
  union
  select r.rolname::text, p.gid, p.database::text, p.owner::text
    from pg_roles as r
    join pg_locks as l on l.locktype = 'object' and l.classid = 'pg_authid'::regclass and l.objid = r.oid and l.pid is null
    join pg_locks as t on t.locktype = 'transactionid' and t.pid is null and t.virtualtransaction = l.virtualtransaction
    join pg_prepared_xacts as p on p.transaction = t.transactionid
   where r.rolname = any ($1)`

async function refuseAdminGroups(session: Session, groups: readonly string[]): Promise<void> {
  const rows = await session.query(
    `with recursive reached(oid) as (
       select r.oid from pg_roles as r where r.rolname = any ($1)
       union
       select m.roleid from pg_auth_members as m join reached on m.member = reached.oid
     )
     select from reached join pg_roles as r on r.oid = reached.oid where ${adminAttributes} limit 1`,
    [groups],
  )
  if (rows.length > 0) {
    throw new MayflyError('target_unsafe', {
      publicDetail:
        'a group of this role has attributes of an administrator (superuser, createrole, createdb, replication or bypassrls)',
      hint: 'use a group without these attributes',
    })
  }
}

/** Accounts that somebody made more than they were made as: a person has to look for what they created with it. */
async function listRisen(session: Session, names: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query(
    `select r.rolname::text as name from pg_roles as r where r.rolname = any ($1) and (${adminAttributes})`,
    [names],
  )
  return rows.map((row) => String(row['name']))
}

async function dropAs(
  session: Session,
  creator: string | undefined,
  names: readonly string[],
): Promise<readonly Blocked[]> {
  const drop = (some: readonly string[], lockTimeoutMs: number) =>
    session.script(
      [...become(creator), `set local lock_timeout = ${lockTimeoutMs}`, `drop role if exists ${some.join(', ')}`].join(
        '; ',
      ),
    )
  try {
    await drop(names, 250)
    return []
  } catch (error) {
    if (!isSqlState(readError(error).code)) throw error
  }
  // One of them is in the way of all: one by one, and each says why.
  const blocked: Blocked[] = []
  for (const accountName of names) {
    try {
      await drop([accountName], 20)
    } catch (error) {
      const { code, detail } = readError(error)
      if (!isSqlState(code)) throw error
      blocked.push({ accountName, state: code, reason: detail })
    }
  }
  return blocked
}

function isSqlState(code: string | undefined): code is string {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code)
}
