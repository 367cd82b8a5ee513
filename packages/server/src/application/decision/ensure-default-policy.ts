import { readFile } from 'node:fs/promises'
import { newId, type PolicyVersionId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  findActivePolicyVersion,
  insertPolicyVersion,
  lockPolicyVersions,
  markPolicyVersionActive,
} from '../../store/policy-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { type Actor, actorRecord } from '../context.ts'
import { policyDigest } from './policy-digest.ts'

const defaultPolicies = new URL('../../../policies/default.cedar', import.meta.url)
const installer: Actor = { kind: 'system', worker: 'first-start' }

/**
 * Gives a new tenant the default policies as version 1, in force. Does nothing where a version is active already, so any
 * number of servers may start together.
 */
export async function ensureDefaultPolicy(tx: Tx, now: Date): Promise<void> {
  await lockPolicyVersions(tx)
  if ((await findActivePolicyVersion(tx)) !== undefined) return
  const text = await readDefaultPolicy()
  const draft = await insertPolicyVersion(tx, {
    policyVersionId: newId<PolicyVersionId>(now.getTime()),
    text,
    digest: policyDigest(text),
    note: 'the default policies',
    createdBy: actorRecord(installer),
    createdAt: now,
  })
  const active = await markPolicyVersionActive(tx, draft.policy_version_id, actorRecord(installer), now)
  await appendAudit(tx, {
    action: 'policy_version.activated',
    at: now,
    actor: installer,
    rows: [statedRow('policy_version', active)],
    body: { policy_version_id: active.policy_version_id, number: active.number, digest: active.digest },
  })
}

/** Where a team begins that writes policies of its own. */
export function readDefaultPolicy(): Promise<string> {
  return readFile(defaultPolicies, 'utf8')
}
