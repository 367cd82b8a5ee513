import type { CheckFinding } from '@mayfly/provider-kit'
import type { Sessions } from './postgres-session.ts'

/** Whether what members of the groups can do would outlive them, or lie where Mayfly cannot clear it. */
export async function checkGroups(
  sessions: Sessions,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { rows, serverVersion, unreachable } = await sessions.run('check', signal, async (session) => ({
    serverVersion: session.serverVersion,
    rows: await session.query(groupsQuery, [groups]),
    unreachable: await session.query(
      `select d.datname::text as name from pg_database as d
        where d.datallowconn and not d.datistemplate and not has_database_privilege(session_user, d.oid, 'connect')
          and exists (select from pg_roles as g where g.rolname = any ($1) and has_database_privilege(g.oid, d.oid, 'connect'))`,
      [groups],
    ),
  }))
  const findings: CheckFinding[] = []
  for (const row of rows) {
    const group = String(row['name'])
    if (row['present'] !== true) {
      findings.push({
        check: 'groups',
        outcome: 'failed',
        detail: `group \`${group}\` does not exist at the target`,
        hint: 'create it there, or correct the role',
      })
      continue
    }
    if (row['owns'] === true) {
      findings.push({
        check: 'groups',
        outcome: 'warned',
        detail: `group \`${group}\` owns objects, so its members can change and drop them, and what they change stays`,
        hint: 'let another role own the objects, and grant the group only what it needs',
      })
    }
    if (serverVersion < 160_000 && Array.isArray(row['creates_in']) && row['creates_in'].length > 0) {
      findings.push({
        check: 'groups',
        outcome: 'warned',
        detail: `on PostgreSQL 15 members of \`${group}\` can make objects in its name that outlive them, in schema ${row[
          'creates_in'
        ]
          .map((schema) => `\`${String(schema)}\``)
          .join(', ')}`,
        hint: 'revoke CREATE there from the group and from PUBLIC, or upgrade to 16 or later',
      })
    }
  }
  if (unreachable.length > 0) {
    findings.push({
      check: 'groups',
      outcome: 'warned',
      detail: `logins can connect to ${unreachable.map((row) => `\`${String(row['name'])}\``).join(', ')}, Mayfly cannot: what they make there would stand in the way of their removal`,
      hint: "grant connect on these databases to Mayfly's login, or revoke it from the groups and from PUBLIC",
    })
  }
  if (findings.length > 0) return findings
  return [{ check: 'groups', outcome: 'passed', detail: 'the groups exist, own nothing and leave nothing behind' }]
}

const groupsQuery = `
  select wanted.name, g.oid is not null as present,
         exists (select from pg_shdepend as s where s.refclassid = 'pg_authid'::regclass and s.refobjid = g.oid and s.deptype = 'o') as owns,
         (select array_agg(n.nspname::text order by n.nspname) from pg_namespace as n
           where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and has_schema_privilege(g.oid, n.oid, 'create')) as creates_in
    from unnest($1::text[]) as wanted(name) left join pg_roles as g on g.rolname = wanted.name`
