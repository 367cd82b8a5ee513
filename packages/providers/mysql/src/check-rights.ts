import type { CheckFinding } from '@mayfly/provider-kit'
import type { Row, Sessions } from './mysql-session.ts'

/** The procedures that this build was written against; `self_check` must say the same. */
const proceduresVersion = 1
const guideHint = 'run the SQL of `mayfly resource guide mysql` at the target again'

/**
 * The procedures are there, their definer can do what looks like success where it cannot (see, end), and Mayfly's login can
 * do nothing beside.
 */
export async function checkRights(sessions: Sessions, signal: AbortSignal): Promise<readonly CheckFinding[]> {
  const { row, grants } = await sessions.run('check', signal, async (session) => ({
    row: (await session.call('self_check', []))[0],
    grants: (await session.query('show grants')).map((grant) => String(Object.values(grant)[0])),
  }))
  const definer = String(row?.['definer'])
  const findings = row === undefined ? [] : faultsOf(row, definer)
  const extra = extraGrants(grants, sessions.settings.schema)
  if (extra.length > 0) {
    findings.push({
      check: 'rights',
      outcome: 'warned',
      detail: `Mayfly's login has more than it needs: ${extra.join('; ')}`,
      hint: 'revoke it: the login needs EXECUTE on the schema of its procedures alone',
    })
  }
  if (!findings.some((finding) => finding.outcome === 'failed')) {
    findings.push({
      check: 'rights',
      outcome: 'passed',
      detail: "Mayfly's procedures are there, and their definer sees and ends every session",
    })
  }
  return findings
}

function faultsOf(row: Row, definer: string): CheckFinding[] {
  const is = (column: string) => Number(row[column]) === 1
  const findings: CheckFinding[] = []
  const add = (outcome: 'failed' | 'warned', detail: string, hint: string) =>
    findings.push({ check: 'rights', outcome, detail, hint })
  if (Number(row['procedures_version']) !== proceduresVersion) {
    add('failed', "Mayfly's procedures are of another version", guideHint)
  }
  const right = (column: string, name: string, why: string) => {
    if (!is(column))
      add('failed', `${why}: \`${definer}\` lacks ${name}`, `grant ${name.toLowerCase()} on *.* to ${definer}`)
  }
  right('may_create_users', 'CREATE USER', 'accounts cannot be made')
  right('sees_processes', 'PROCESS', 'open sessions cannot be seen, so none would seem to be left')
  right('may_kill', 'CONNECTION ADMIN', 'open sessions cannot be ended')
  if (!is('definer_is_locked')) {
    add(
      'failed',
      `\`${definer}\` can log in, and has the rights of an administrator`,
      `alter user ${definer} account lock`,
    )
  }
  if (is('is_read_only')) {
    add('failed', 'the target is read-only, so no account can be made or locked', 'name the primary, not a replica')
  }
  if (is('lets_anonymous_in')) {
    add(
      'warned',
      "the target has an anonymous account (''@…), which takes the place of issued accounts on its host and lets others in",
      "drop the accounts of the user ''",
    )
  }
  if (is('others_reach_procedures')) {
    add(
      'warned',
      "others than Mayfly have rights on the schema of Mayfly's procedures",
      'revoke them: whoever may call the procedures can make accounts',
    )
  }
  if (is('is_cluster')) {
    add(
      'warned',
      'the target is a node of a Galera cluster: sessions on other nodes are not ended',
      'let holders connect to this node alone, or use short lives',
    )
  }
  if (!is('names_every_session')) {
    add(
      'warned',
      '`performance_schema` is off: while a session works that may be inside a routine of another definer, nothing is called cut',
      "set `performance_schema = ON` (and `performance_schema_instrument = '%=OFF'`) in the server's configuration",
    )
  }
  return findings
}

/** What SHOW GRANTS lists beside USAGE and EXECUTE on the schema; without passwords. */
function extraGrants(grants: readonly string[], schema: string): readonly string[] {
  const needed = new Set(['GRANT USAGE ON *.*', `GRANT EXECUTE ON \`${schema}\`.*`])
  return grants
    .map((grant) => grant.replace(/ (TO|FOR) .*$/s, ''))
    .filter((grant) => !needed.has(grant.replaceAll('\\_', '_')))
}
