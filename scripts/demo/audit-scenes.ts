/** The log: the story of one credential, the proof that nothing was changed, and what happens when someone does. */
import { type LogReport, noteVerifier, parseVerifierKey, verifyLog } from '@mayfly/domain'
import { sha256 } from '../../packages/server/src/application/audit/sha256.ts'
import { verifyEd25519 } from '../../packages/server/src/application/audit/ed25519.ts'
import { Client } from 'pg'
import { deriveSecret } from '../../packages/server/src/adapters/keys/derive-secret.ts'
import { loadKeyEncryptionKeys } from '../../packages/server/src/adapters/keys/key-encryption-key.ts'
import type { Stage } from './stage.ts'
import { block, done, expect, say, step, timed } from './story.ts'

interface TraceNode {
  readonly kind: string
  readonly at?: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly entries: readonly { readonly action: string; readonly at: string; readonly leaf_index: number | null }[]
  readonly children: readonly TraceNode[]
}

interface StateReport {
  readonly explained: boolean
  readonly entries_checked: number
  readonly rows_checked: number
  readonly log_findings: readonly { readonly kind: string; readonly detail: string }[]
  readonly state_findings: readonly { readonly kind: string; readonly table: string; readonly detail: string }[]
}

export async function audit(stage: Stage): Promise<void> {
  step('Trace one credential, from the person to its end')
  block(tree(await stage.admin.call<TraceNode>('GET', `/v1/trace/credential/${stage.endedCredentialId ?? ''}`)))

  step('Verify the audit log, with no trust in the database')
  const { value: log, ms } = await timed(() => verify(stage))
  expect(log.findings.length === 0, `the log verifies: ${JSON.stringify(log.findings)}`)
  done(`${log.entriesChecked} entries hashed again up to the signed root`, ms)
  const { value: state, ms: stateMs } = await timed(() => stage.admin.call<StateReport>('GET', '/v1/audit/state'))
  expect(state.explained, `every row is explained: ${JSON.stringify([state.log_findings, state.state_findings])}`)
  done(`${state.rows_checked} rows that grant authority, each explained by an entry`, stateMs)
}

export async function tamper(stage: Stage): Promise<void> {
  step('A database superuser changes an entry and slips in a policy')
  const url = new URL(stage.server.databaseUrl.reveal())
  // The superuser's password follows from the key-encryption key and is written nowhere.
  const { current } = await loadKeyEncryptionKeys({ file: stage.kekFile })
  url.username = 'postgres'
  url.password = deriveSecret(current, 'embedded superuser').reveal()
  const client = new Client(url.href)
  await client.connect()
  await client.query(`
    begin;
    select set_config('mayfly.tenant_id', (select tenant_id::text from mayfly.tenant), true);
    alter table mayfly.entry disable trigger keep_entry_law;
    alter table mayfly.policy_version disable trigger all;
    update mayfly.entry set data = convert_to(replace(convert_from(data, 'UTF8'), 'report-runner', 'someone-else'), 'UTF8')
      where action = 'identity.registered';
    insert into mayfly.policy_version (policy_version_id, number, policy_text, digest, state, created_by, created_at)
      values (gen_random_uuid(), 99, '@id("back-door") permit (principal, action, resource);', 'x', 'draft', '{}', now());
    commit`)
  await client.end()
  say('done in the database, past every constraint')
  const log = await verify(stage)
  expect(log.findings.length > 0, 'the changed entry is found')
  done(`found: ${log.findings[0]?.detail ?? ''}`)
  const state = await stage.admin.call<StateReport>('GET', '/v1/audit/state')
  const slipped = state.state_findings.find((finding) => finding.table === 'policy_version')
  expect(slipped !== undefined, 'the inserted policy is found')
  done(`found: a row of \`${slipped.table}\`: ${slipped.detail}`)
}

async function verify({ admin }: Stage): Promise<LogReport> {
  const keys = await admin.call<{ origin: string; checkpoint_keys: string[] }>('GET', '/v1/log/keys')
  const verifiers = keys.checkpoint_keys.map((key) => noteVerifier(parseVerifierKey(sha256, key), verifyEd25519))
  return verifyLog(sha256, (path) => admin.bytes(`/v1/log/${path}`), {
    origin: keys.origin,
    verifiers,
    now: new Date(),
  })
}

const told: Readonly<Record<string, readonly string[]>> = {
  person: ['name', 'because'],
  identity: ['name', 'identity_kind', 'environment', 'purpose'],
  task: ['purpose', 'state'],
  decision: ['outcome', 'determining'],
  credential: ['account_name', 'role', 'state'],
  end: ['cause'],
}

function tree(node: TraceNode, indent = ''): string {
  const facts = (told[node.kind] ?? Object.keys(node.facts)).flatMap((name) => wordsOf(node.facts[name])).join(' · ')
  const lines = [`${indent}${node.kind}: ${facts}`]
  for (const entry of node.entries) {
    lines.push(`${indent}   ${entry.at.slice(11, 23)}  ${entry.action}  (leaf ${entry.leaf_index ?? 'pending'})`)
  }
  return [...lines, ...node.children.map((child) => tree(child, `${indent}  `))].join('\n')
}

function wordsOf(fact: unknown): string[] {
  if (Array.isArray(fact)) return fact.flatMap(wordsOf)
  return typeof fact === 'string' ? [fact] : []
}
