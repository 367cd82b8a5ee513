/**
 * Compares the accounts at a target with the credentials that Mayfly knows of.
 *
 * Promise: an account of Mayfly's pattern without a credential of the resource is found and reported, and removed where the
 * rule says so; one whose credential was revoked and that is there again (a restored backup) is always removed; a live
 * credential whose account is gone is ended by the one path, after a second look. Names are read as a stream, and memory
 * holds one short text for each.
 * Limit: two Mayflys at one target do not know of each other's accounts: there the rule must stay `report`. A kind that
 * keeps no accounts has nothing to sweep.
 */
import type { CredentialId } from '@mayfly/domain'
import type { AccountHandle } from '@mayfly/provider-kit'
import type { OpenTarget } from '../../adapters/targets/targets.ts'
import { type CredentialRow, handleOf } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { listExplained, listLiveOn } from '../../store/sweep-rows.ts'
import { appendAudits } from '../audit/append-audit.ts'
import { type Actor, actorRecord } from '../context.ts'
import { raiseFinding, resourceSubject } from '../revocation/raise-finding.ts'
import { endCredentials } from '../revocation/end-credentials.ts'
import { closeWhenShown, type LookDeps } from './look-deps.ts'
import { type Look, runLook } from './run-look.ts'

const actor: Actor = { kind: 'system', worker: 'sweep-targets' }
const batchSize = 1_000
/** Removed by one sweep; what is left is the next one's. */
const maxRemoved = 5_000
/** Named in one entry; more are counted. */
const maxNamed = 100

interface Strangers {
  /** No credential of the resource explains them. */
  readonly orphans: AccountHandle[]
  /** Their credential was revoked: they have come back. */
  readonly returned: AccountHandle[]
}

/** Sweeps one target that is due. */
export function sweepTargets(
  deps: LookDeps,
  tenantId: Look['tenantId'],
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  const everySeconds = deps.looks.sweepSeconds
  return runLook(deps, tenantId, signal, { kind: 'sweep', everySeconds, look: (look) => sweep(deps, look) })
}

async function sweep(deps: LookDeps, look: Look): Promise<'done' | 'unable'> {
  const { target, signal } = look
  const startedAt = deps.clock.now()
  const found = await target.use(async (way) => {
    if (way.listAccounts === undefined) return undefined
    return compare(deps, look, way.listAccounts(signal))
  })
  if (found === undefined) return 'unable'
  const removed = await removeStrangers(deps, look, found.strangers)
  const missing = await findMissing(deps, look, found.names, startedAt)
  await deps.database.transaction(look.tenantId, (tx) => report(tx, deps, look, found.strangers, removed, missing))
  return 'done'
}

async function compare(deps: LookDeps, { tenantId, resource, target, signal }: Look, accounts: AsyncIterable<string>) {
  const names = new Set<string>()
  const strangers: Strangers = { orphans: [], returned: [] }
  let batch: AccountHandle[] = []
  const judge = async () => {
    const ids = batch.map((one) => one.credentialId)
    // Read after the target was asked: the row of an account is older than the account (law 1).
    const explained = await deps.database.transaction(tenantId, (tx) => listExplained(tx, ids))
    for (const handle of batch) {
      const row = explained.get(handle.credentialId)
      if (row === undefined) strangers.orphans.push(handle)
      // One of another resource is that resource's to end.
      else if (row.state === 'revoked' && row.resource_id === resource.resource_id) strangers.returned.push(handle)
    }
    batch = []
  }
  for await (const accountName of accounts) {
    signal.throwIfAborted()
    const credentialId = target.provider.credentialOf?.(accountName)
    if (credentialId === undefined) continue
    names.add(accountName)
    batch.push({ credentialId, accountName })
    if (batch.length >= batchSize) await judge()
  }
  if (batch.length > 0) await judge()
  return { names, strangers }
}

/** @returns the names of those that the target says are absent now */
async function removeStrangers(
  deps: LookDeps,
  { target, signal }: Look,
  { orphans, returned }: Strangers,
): Promise<ReadonlySet<string>> {
  const due = [...returned, ...(deps.looks.orphans === 'remove' ? orphans : [])].slice(0, maxRemoved)
  const removed = new Set<string>()
  for (let at = 0; at < due.length; at += batchSize) {
    signal.throwIfAborted()
    const handles = due.slice(at, at + batchSize)
    await target.use((way) =>
      way.revoke(
        handles,
        {
          cut: async () => undefined,
          removed: async (gone) => {
            for (const { accountName } of gone) removed.add(accountName)
          },
          // Stays, and is found again by the next sweep.
          pending: async () => undefined,
        },
        signal,
      ),
    )
  }
  return removed
}

/** Live credentials whose account the target does not have, asked a second time. */
async function findMissing(
  deps: LookDeps,
  { tenantId, resource, target, signal }: Look,
  names: ReadonlySet<string>,
  before: Date,
): Promise<readonly CredentialRow[]> {
  const missing: CredentialRow[] = []
  let after: CredentialId | undefined
  for (;;) {
    signal.throwIfAborted()
    const rows = await deps.database.transaction(tenantId, (tx) =>
      listLiveOn(tx, { resourceId: resource.resource_id, before, after, limit: batchSize }),
    )
    const absent = rows.filter((row) => !names.has(row.account_name))
    if (absent.length > 0) missing.push(...(await target.use((way) => seenAbsent(way, absent, signal))))
    after = rows.at(-1)?.credential_id
    if (rows.length < batchSize) return missing
  }
}

async function seenAbsent(
  way: OpenTarget,
  rows: readonly CredentialRow[],
  signal: AbortSignal,
): Promise<readonly CredentialRow[]> {
  const looks = await way.observe(rows.map(handleOf), signal)
  return rows.filter((_, at) => looks[at]?.state === 'absent')
}

async function report(
  tx: Tx,
  deps: LookDeps,
  { resource }: Look,
  { orphans, returned }: Strangers,
  removed: ReadonlySet<string>,
  missing: readonly CredentialRow[],
): Promise<void> {
  const now = deps.clock.now()
  const subject = resourceSubject(resource.resource_id)
  const strangers = [
    { kind: 'account_orphaned', found: orphans, what: 'that no credential explains' },
    { kind: 'account_returned', found: returned, what: 'whose credential was revoked, and that had come back' },
  ] as const
  for (const { kind, found, what } of strangers) {
    const gone = found.filter(({ accountName }) => removed.has(accountName))
    if (found.length === 0) {
      await closeWhenShown(tx, { kind, subject }, actor, now)
      continue
    }
    await raiseFinding(
      tx,
      {
        kind,
        subject,
        severity: kind === 'account_returned' ? 'critical' : 'high',
        detail: `${found.length} accounts are at this resource ${what}; ${gone.length} of them were removed`,
      },
      actor,
      now,
    )
    await appendAudits(tx, [
      {
        action: 'resource.swept',
        at: now,
        actor,
        body: {
          resource_id: resource.resource_id,
          finding: kind,
          found: found.length,
          removed: gone.length,
          accounts: found.slice(0, maxNamed).map(({ accountName }) => ({
            account_name: accountName,
            removed: removed.has(accountName),
          })),
        },
      },
    ])
  }
  if (missing.length === 0) {
    await closeWhenShown(tx, { kind: 'account_missing', subject }, actor, now)
    return
  }
  await raiseFinding(
    tx,
    {
      kind: 'account_missing',
      subject,
      severity: 'medium',
      detail: `${missing.length} live credentials had no account at this resource any more; they were ended`,
    },
    actor,
    now,
  )
  await endCredentials(tx, missing, { cause: 'anomaly', requestedBy: actorRecord(actor), now })
}
