import type { CheckFinding } from '@mayfly/provider-kit'
import { functionsVersion } from './functions-way.ts'
import type { Row, Sessions } from './postgres-session.ts'
import { quoteIdentifier } from './quote-identifier.ts'

const guideHint = 'run the SQL of `mayfly resource guide postgres` at the target again'

/** What `functions-way.ts` calls, with its arguments. */
const functionSignatures = [
  'mayfly.functions_version()',
  'mayfly.issue(text, text, text[], timestamp with time zone, timestamp with time zone, integer)',
  'mayfly.renew(text, timestamp with time zone)',
  'mayfly.disable(text[])',
  'mayfly.end_sessions(text[], text[], boolean)',
  'mayfly.list_sessions()',
  'mayfly.cut_sessions(text[])',
  'mayfly.list_prepared(text[])',
  'mayfly.adopt(text[])',
  'mayfly.strip(text[])',
  'mayfly.drop_owned(text[])',
  'mayfly.remove(text[])',
] as const

/** Mode `functions`: the functions are there, callable by Mayfly, by nobody else, and cannot be led astray. */
export async function checkFunctions(sessions: Sessions, signal: AbortSignal): Promise<readonly CheckFinding[]> {
  const failed = (detail: string, hint: string): CheckFinding => ({ check: 'rights', outcome: 'failed', detail, hint })
  const login = quoteIdentifier(sessions.username)
  return sessions.run('check', signal, async (session) => {
    const [schema] = await session.query(
      `select has_schema_privilege(oid, 'usage') as usable, has_schema_privilege(oid, 'create') as writable
         from pg_namespace where nspname = 'mayfly'`,
    )
    if (!schema) return [failed(`database \`${sessions.settings.database}\` has no schema \`mayfly\``, guideHint)]
    if (schema['usable'] !== true) {
      return [failed('the schema cannot be used', `grant usage on schema mayfly to ${login}`)]
    }
    const rows = await session.query(functionsQuery, [functionSignatures])
    const findings = rows.flatMap((row) => judgeFunction(row, login).map((fault) => failed(fault.detail, fault.hint)))
    if (schema['writable'] === true) {
      findings.push(failed('the schema can be changed by Mayfly', `revoke create on schema mayfly from ${login}`))
    }
    const [list] = await session.query(
      `select has_table_privilege('mayfly.permitted_group', 'insert, update, delete, truncate') as writable
        where to_regclass('mayfly.permitted_group') is not null`,
    )
    if (!list) findings.push(failed('the table mayfly.permitted_group is missing', guideHint))
    if (list?.['writable'] === true) {
      findings.push(
        failed(
          "Mayfly's login can write the list of permitted groups",
          `revoke insert, update, delete, truncate on mayfly.permitted_group from ${login}`,
        ),
      )
    }
    if (findings.length > 0) return findings
    const [version] = await session.query('select mayfly.functions_version() as version')
    if (version?.['version'] !== functionsVersion)
      return [failed("Mayfly's functions are of another version", guideHint)]

    const [extra] = await session.query(
      `select array_to_string(array_remove(array[case when rolcreaterole then 'createrole' end,
                case when rolcreatedb then 'createdb' end, case when rolreplication then 'replication' end,
                case when rolbypassrls then 'bypassrls' end], null), ', ') as attributes
         from pg_roles where rolname = session_user`,
    )
    const attributes = typeof extra?.['attributes'] === 'string' ? extra['attributes'] : ''
    if (attributes !== '') {
      return [
        {
          check: 'rights',
          outcome: 'warned',
          detail: `Mayfly's login has more than it needs: ${attributes}`,
          hint: `alter role ${login} ${attributes
            .split(', ')
            .map((attribute) => `no${attribute}`)
            .join(' ')}`,
        },
      ]
    }
    return [
      { check: 'rights', outcome: 'passed', detail: "Mayfly's functions are there, and only Mayfly may call them" },
    ]
  })
}

const functionsQuery = `
  select wanted.signature, p.oid is not null as present, p.prosecdef as definer, p.proconfig::text as config,
         has_function_privilege(p.oid, 'execute') as callable,
         exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
                  where a.grantee = 0 and a.privilege_type = 'EXECUTE') as by_anyone
    from unnest($1::text[]) as wanted(signature)
    left join pg_proc as p on p.oid = to_regprocedure(wanted.signature)`

function judgeFunction(row: Row, login: string): readonly { detail: string; hint: string }[] {
  const signature = String(row['signature'])
  if (row['present'] !== true) return [{ detail: `function ${signature} is missing`, hint: guideHint }]
  const faults: { detail: string; hint: string }[] = []
  if (row['callable'] !== true) {
    faults.push({
      detail: `Mayfly's login may not call ${signature}`,
      hint: `grant execute on function ${signature} to ${login}`,
    })
  }
  if (row['by_anyone'] === true) {
    faults.push({
      detail: `anyone may call ${signature}`,
      hint: `revoke execute on function ${signature} from public`,
    })
  }
  if (!String(row['config']).includes('search_path=')) {
    faults.push({ detail: `function ${signature} has no fixed search_path`, hint: guideHint })
  }
  return faults
}

/** Mode `createrole`: Mayfly or its creator roles may make logins and put them into the groups of the role. */
export async function checkCreateroleRights(
  sessions: Sessions,
  creatorRoles: readonly string[],
  groups: readonly string[],
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const creators = creatorRoles.length > 0 ? creatorRoles : [sessions.username]
  const login = quoteIdentifier(sessions.username)
  const { serverVersion, rows } = await sessions.run('check', signal, async (session) => ({
    serverVersion: session.serverVersion,
    rows: await session.query(
      `select wanted.name, r.oid is not null as present, r.rolcreaterole as createrole,
              r.rolname = session_user or pg_has_role(session_user, r.oid, 'MEMBER') as reachable,
              (select array_agg(g.name) from unnest($2::text[]) as g(name) join pg_roles as gr on gr.rolname = g.name
                where not exists (select from pg_auth_members as m where m.roleid = gr.oid and m.member = r.oid and m.admin_option)
              ) as not_admin_of
         from unnest($1::text[]) as wanted(name) left join pg_roles as r on r.rolname = wanted.name`,
      [creators, groups],
    ),
  }))
  const failed = (detail: string, hint: string): CheckFinding => ({ check: 'rights', outcome: 'failed', detail, hint })
  const findings = rows.flatMap((row): CheckFinding[] => {
    const name = String(row['name'])
    const creator = quoteIdentifier(name)
    if (row['present'] !== true) return [failed(`creator role \`${name}\` does not exist`, guideHint)]
    const faults: CheckFinding[] = []
    if (row['createrole'] !== true)
      faults.push(failed(`\`${name}\` lacks CREATEROLE`, `alter role ${creator} createrole`))
    if (row['reachable'] !== true) {
      faults.push(failed(`Mayfly's login cannot become \`${name}\``, `grant ${creator} to ${login}`))
    }
    if (serverVersion >= 160_000 && Array.isArray(row['not_admin_of'])) {
      for (const group of row['not_admin_of'].map(String)) {
        faults.push(
          failed(
            `\`${name}\` may not put logins into group \`${group}\``,
            `grant ${quoteIdentifier(group)} to ${creator} with admin true, inherit false, set false`,
          ),
        )
      }
    }
    return faults
  })
  if (findings.length > 0) return findings
  return [
    { check: 'rights', outcome: 'passed', detail: 'logins can be made and put into the groups' },
    serverVersion < 160_000
      ? {
          check: 'rights',
          outcome: 'warned',
          detail: 'on PostgreSQL 15 CREATEROLE is nearly as much as superuser',
          hint: 'use mode `functions` (`mayfly resource guide postgres`)',
        }
      : {
          check: 'rights',
          outcome: creatorRoles.length > 0 ? 'passed' : 'warned',
          detail: `${creators.length} creator role(s): room for about ${creators.length * 200} live logins before creates become slow`,
          ...(creatorRoles.length > 0 ? {} : { hint: 'add creator roles, or use mode `functions`' }),
        },
  ]
}
