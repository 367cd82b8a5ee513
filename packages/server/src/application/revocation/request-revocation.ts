/**
 * The one way out (law 2): whatever the cause, a credential ends here and nowhere else.
 *
 * Promise: when the caller's transaction commits, the authority has ended (law 3): the rows are `revoking`, and
 * introspection, decisions and renewals refuse. The removal at the targets is due from that moment and is never
 * forgotten (law 4).
 * Not here: touching a target (remove-accounts.ts), and whether the requester may (the surface asks the gate).
 */
import {
  type AttestationId,
  type CredentialId,
  newId,
  type RevocationCause,
  type RevocationId,
  type SelectorKind,
  type SvidId,
} from '@mayfly/domain'
import { inBatches } from '@mayfly/provider-kit'
import type { Selectable } from 'kysely'
import type { AttestationRow } from '../../store/attestation-rows.ts'
import type { Tx } from '../../store/database.ts'
import {
  insertRevocation,
  lockSelector,
  revokeAttestations,
  revokeTasks,
  revokeTasksUnder,
  type Selector,
} from '../../store/revocation-rows.ts'
import { revokeResting } from '../../store/resting-rows.ts'
import { cancelJoinTokensOf, type JoinTokenRow } from '../../store/join-token-rows.ts'
import type { TaskTable } from '../../store/schema.gen.ts'
import { wakeHostsOf } from '../../store/wake-hosts-of.ts'
import { endSvids, lockLiveOf, lockLiveSvids, lockLiveUnder } from '../../store/svid-rows.ts'
import { wakeWorkers } from '../../store/wake-workers.ts'
import { appendAudits } from '../audit/append-audit.ts'
import { maxRowsPerEntry } from '../audit/append-rows.ts'
import type { AuditEntry, AuditReceipt } from '../audit/audit-entry.ts'
import { type StatedRow, statedRow } from '../audit/stated-rows.ts'
import type { ActorRecord } from '../context.ts'
import { endWhatRests, idsOf } from './end-what-rests.ts'

export interface RevocationRequest {
  readonly selector: Selector
  readonly cause: RevocationCause
  readonly requestedBy: ActorRecord
  readonly reason?: string | undefined
  readonly now: Date
  readonly requestId?: string | undefined
  /** Of the selector's credentials only these; then no task and no proof ends. */
  readonly only?: readonly CredentialId[] | undefined
  /** Of the selector's SVIDs only these, and what rests on them; then of its credentials none but `only`. */
  readonly onlySvids?: readonly SvidId[] | undefined
  /** Default false: where nothing ends, nothing is recorded. */
  readonly recordEmpty?: boolean | undefined
}

export interface RequestedRevocation {
  readonly revocationId: RevocationId
  /** Credentials that it waits for: those that it ended and those of the selector that were ending already. */
  readonly total: number
  /** Of these, those that it ended itself. */
  readonly ended: number
  /** SVIDs that it ended: on the CRL, and refused by Mayfly itself, from the commit on. */
  readonly endedSvids: number
  /** The entry `revocation.requested`. */
  readonly receipt: AuditReceipt
}

/** These replace credentials or correct permissions; whoever held them stays proven and at work. */
const sparesProofsAndTasks: ReadonlySet<RevocationCause> = new Set(['rotation', 'no_longer_permitted', 'expired'])

/**
 * Ends what the selector names. With an attestation, identity, owner, trust provider, host or person its proofs end too (their access
 * tokens are refused from then on) and the SVIDs under them, join tokens that were not used are cancelled, and with a task or any of these its active tasks: else they would be re-issued at
 * once.
 *
 * With a proof or an SVID ends what rests on it, whoever's it is: what was proven with that SVID, what a host agent vouched
 * for with that proof, and the tasks, SVIDs and credentials under them.
 *
 * Change the row that is the cause (identity suspended, role retired) before the call and in the same transaction.
 *
 * @returns undefined where there was nothing to end
 */
export async function requestRevocation(tx: Tx, request: RevocationRequest): Promise<RequestedRevocation | undefined> {
  const { selector, cause, now, only, onlySvids = [] } = request
  // Whoever names the credentials or SVIDs has them in hand already; the rest of the selector goes on.
  const all = only === undefined && onlySvids.length === 0
  if (all) await lockSelector(tx, selector)
  const whole = all && !sparesProofsAndTasks.has(cause)
  const proofs = whole && endsProofs(selector.kind) ? await revokeAttestations(tx, selector, now) : []
  // After the proofs: whoever was minting under one of them has committed by then, and its rows are seen.
  const svidIds = whole ? await lockLiveSvids(tx, selector, now) : await lockLiveOf(tx, onlySvids, now)
  const resting = await endWhatRests(tx, { attestationIds: idsOf(proofs), svidIds }, now)
  const tasks = [
    ...(whole && endsTasks(selector.kind) ? await revokeTasks(tx, selector, now) : []),
    ...(await revokeTasksUnder(tx, idsOf(resting.attestations), now)),
  ]
  // Else whoever holds one would begin anew once the cause is over.
  const joinTokens = whole ? await cancelJoinTokensOf(tx, selector, now) : []
  return record(tx, all ? request : { ...request, only: only ?? [] }, {
    attestations: [...proofs, ...resting.attestations],
    // What one key signed may rest on each other.
    svidIds: [...new Set([...svidIds, ...resting.svidIds])],
    tasks,
    joinTokens,
    under: idsOf(resting.attestations),
  })
}

/**
 * Ends what is still fresh and rests on these proofs of host agents, which ended otherwise than by a revocation: a host
 * agent's word is worth nothing without its own proof. One revocation for each host, selector `host`.
 *
 * @param by who ended them, and when
 */
export async function endWhatTheyVouchedFor(
  tx: Tx,
  vouchers: readonly AttestationId[],
  by: Pick<RevocationRequest, 'requestedBy' | 'now'>,
): Promise<void> {
  if (vouchers.length === 0) return
  const { now } = by
  // Those past their time are the lapse worker's, who looks for a newer one first.
  const vouched = await revokeResting(tx, { attestationIds: vouchers, svidIds: [] }, now, 'still_fresh')
  for (const [host, rows] of Map.groupBy(vouched, (row) => row.host_identity_id)) {
    if (host === null) throw new Error('a proof that was vouched for names no host')
    const ending = { attestationIds: idsOf(rows), svidIds: await lockLiveUnder(tx, idsOf(rows), now) }
    const resting = await endWhatRests(tx, ending, now)
    const under = [...ending.attestationIds, ...idsOf(resting.attestations)]
    const tasks = await revokeTasksUnder(tx, under, now)
    const reason = "the host agent's own proof has ended"
    const because = {
      ...by,
      selector: { kind: 'host', id: host },
      cause: 'attestation_lapsed',
      reason,
      only: [],
    } as const
    await record(tx, because, {
      attestations: [...rows, ...resting.attestations],
      svidIds: [...ending.svidIds, ...resting.svidIds],
      tasks,
      under,
    })
  }
}

/** What has ended before the credentials do. */
interface Ended {
  readonly attestations: readonly AttestationRow[]
  readonly tasks: readonly Selectable<TaskTable>[]
  /** Locked, and ending. */
  readonly svidIds: readonly SvidId[]
  readonly joinTokens?: readonly JoinTokenRow[]
  /** The credentials under these proofs end, beside those of the selector. */
  readonly under: readonly AttestationId[]
}

async function record(
  tx: Tx,
  request: RevocationRequest,
  { attestations, tasks, svidIds, joinTokens = [], under }: Ended,
): Promise<RequestedRevocation | undefined> {
  const { selector, cause, now, only } = request
  await wakeHostsOf(tx, attestations)
  const revocationId = newId<RevocationId>()
  const endedBefore = attestations.length + tasks.length + svidIds.length + joinTokens.length
  const recordEmpty = request.recordEmpty === true || endedBefore > 0
  const recorded = await insertRevocation(tx, {
    revocationId,
    selector,
    cause,
    requestedBy: request.requestedBy,
    reason: request.reason,
    now,
    only,
    under,
    recordEmpty,
    svidCount: svidIds.length,
  })
  if (recorded === undefined) return undefined
  const { total, ended } = recorded
  const svids = await endSvids(tx, svidIds, revocationId, now)
  const rows = [
    ...attestations.map((row) => statedRow('attestation', row)),
    ...tasks.map((row) => statedRow('task', row)),
    ...svids.map((row) => statedRow('svid', row)),
    ...joinTokens.map((row) => statedRow('join_token', row)),
    ...ended.map((row) => statedRow('credential', row)),
  ]
  const first = ended[0]
  const [receipt] = await appendAudits(
    tx,
    entriesOf(request, revocationId, rows, {
      cause,
      selector: { kind: selector.kind, id: selector.id },
      total,
      ended: ended.length,
      ended_tasks: tasks.length,
      ended_proofs: attestations.length,
      ended_svids: svids.length,
      ...(joinTokens.length === 0 ? {} : { cancelled_join_tokens: joinTokens.length }),
      ...(first === undefined ? {} : { first_credential_id: first.credential_id }),
      ...(request.reason === undefined ? {} : { reason: request.reason }),
      ...(request.requestId === undefined ? {} : { request_id: request.requestId }),
    }),
  )
  if (receipt === undefined) throw new Error('an entry was appended without a receipt')
  if (ended.length + svids.length > 0) await wakeWorkers(tx, 'revocation')
  return { revocationId, total, ended: ended.length, endedSvids: svids.length, receipt }
}

function endsProofs(kind: SelectorKind): boolean {
  return ['attestation', 'identity', 'owner', 'trust_provider', 'host', 'person'].includes(kind)
}

function endsTasks(kind: SelectorKind): boolean {
  return kind === 'task' || endsProofs(kind)
}

/** One entry says it; where it changed more rows than fit, `revocation.continued` states the rest. */
function entriesOf(
  request: RevocationRequest,
  revocationId: RevocationId,
  rows: readonly StatedRow[],
  body: NonNullable<AuditEntry['body']>,
): AuditEntry[] {
  const common = {
    at: request.now,
    actor: request.requestedBy,
    revocationId,
    ...subjectOf(request.selector),
  } satisfies Partial<AuditEntry>
  const [first = [], ...rest] = inBatches(rows, maxRowsPerEntry)
  return [
    { ...common, action: 'revocation.requested', rows: first, body },
    ...rest.map((part): AuditEntry => ({ ...common, action: 'revocation.continued', rows: part })),
  ]
}

/** Which index of the trace finds the entry, beside the revocation's own. */
function subjectOf({ kind, id }: Selector): Partial<AuditEntry> {
  const subjects: Partial<Record<SelectorKind, keyof AuditEntry>> = {
    credential: 'credentialId',
    task: 'taskId',
    attestation: 'attestationId',
    identity: 'identityId',
    host: 'identityId',
  }
  const member = subjects[kind]
  return member === undefined ? {} : { [member]: id }
}
