/**
 * Who is connected with which credential: one query for a target and interval, whatever the number of credentials.
 *
 * Promise: a session that began or ended since the last look has its entry in the stream of use, with its source and since
 * when; one that goes on makes none. A session that belongs to no live credential is cut and reported; one of an account
 * that only looks like Mayfly's is reported, and cut where the rule for orphans says `remove`.
 * Limit: a session that began and ended between two looks is not seen. From a local socket, or where the target hides it,
 * there is no address to compare.
 */
import type { CredentialId, JsonObject } from '@mayfly/domain'
import type { ObservedSession } from '@mayfly/provider-kit'
import type { Tx } from '../../store/database.ts'
import {
  type AccountHolder,
  deleteOpenSessions,
  type EndedSession,
  insertOpenSessions,
  listHolders,
  listOpenSessions,
  recordUses,
  type Used,
} from '../../store/use-rows.ts'
import { appendAudits } from '../audit/append-audit.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { Actor } from '../context.ts'
import { raiseFinding, resourceSubject } from '../revocation/raise-finding.ts'
import { closeWhenShown, type LookDeps } from './look-deps.ts'
import { type Look, runLook } from './run-look.ts'

const actor: Actor = { kind: 'system', worker: 'sample-sessions' }
/** Named in one entry; more are counted. */
const maxNamed = 100

/** Looks at one target whose sessions are due. */
export function sampleSessions(
  deps: LookDeps,
  tenantId: Look['tenantId'],
  signal: AbortSignal,
): Promise<'idle' | 'more'> {
  const everySeconds = deps.looks.sampleSeconds
  return runLook(deps, tenantId, signal, { kind: 'sample', everySeconds, look: (look) => sample(deps, look) })
}

interface Strays {
  /** Of accounts that are gone, or whose credential has ended: nobody's. */
  readonly ended: ObservedSession[]
  /** Of accounts with Mayfly's pattern that no credential explains: another Mayfly's, maybe. */
  readonly unexplained: ObservedSession[]
}

interface Started {
  readonly session: ObservedSession
  readonly holder: AccountHolder
  readonly since: Date
  readonly isOutside: boolean
}

async function sample(deps: LookDeps, { tenantId, resource, target, signal }: Look): Promise<'done' | 'unable'> {
  const seen = await target.use(async (way) =>
    way.listSessions === undefined ? undefined : [...(await way.listSessions(signal))],
  )
  if (seen === undefined) return 'unable'
  const credentialOf = (name: string | undefined) =>
    name === undefined ? undefined : target.provider.credentialOf?.(name)
  // The rows are read after the sessions were: what is gone by then has been ended, and what is new is not yet here.
  const strays = await deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    const found = await record(tx, resource, seen, credentialOf, now)
    if (countOf(found) === 0) await closeWhenShown(tx, findingOf(resource), actor, now)
    return found
  })
  if (countOf(strays) === 0) return 'done'
  const due = [...strays.ended, ...(deps.looks.orphans === 'remove' ? strays.unexplained : [])]
  const cut = due.length > 0 && (await cutStrays(target, due, signal)) ? due : []
  await deps.database.transaction(tenantId, (tx) => report(tx, resource, strays, cut, deps.clock.now()))
  return 'done'
}

async function record(
  tx: Tx,
  resource: Look['resource'],
  seen: readonly ObservedSession[],
  credentialOf: (name: string | undefined) => CredentialId | undefined,
  now: Date,
): Promise<Strays> {
  const { resource_id: resourceId } = resource
  const holders = await listHolders(tx, [...new Set(seen.flatMap((one) => credentialOf(one.accountName) ?? []))])
  const before = new Map((await listOpenSessions(tx, resourceId)).map((row) => [row.session_id, row]))
  const strays: Strays = { ended: [], unexplained: [] }
  const started: Started[] = []
  const used: Used[] = []
  const open = new Set<string>()
  for (const session of seen) {
    const credentialId = credentialOf(session.accountName)
    const holder = credentialId === undefined ? undefined : holders.get(credentialId)
    if (holder === undefined) {
      ;(session.accountName === undefined ? strays.ended : strays.unexplained).push(session)
      continue
    }
    // Another resource leads to the same target: it is that one's to record.
    if (holder.resource_id !== resourceId) continue
    if (holder.state === 'revoked' || holder.state === 'abandoned') {
      strays.ended.push(session)
      continue
    }
    open.add(session.sessionId)
    const known = before.get(session.sessionId)
    const since = known?.started_at ?? session.since ?? now
    const outside = outsideAddress(session, holder)
    used.push({ credentialId: holder.credential_id, since, outsideAddress: outside })
    if (known === undefined) started.push({ session, holder, since, isOutside: outside !== undefined })
  }
  // What another server has written down meanwhile has its entry already.
  const ended = await deleteOpenSessions(
    tx,
    resourceId,
    [...before.keys()].filter((id) => !open.has(id)),
  )
  const fresh = await insertOpenSessions(
    tx,
    started.map(({ session, holder, since }) => ({
      resource_id: resourceId,
      session_id: session.sessionId,
      credential_id: holder.credential_id,
      source_address: session.sourceAddress ?? null,
      started_at: since,
    })),
  )
  await recordUses(tx, used, now)
  await appendAudits(tx, [
    ...started.filter(({ session }) => fresh.has(session.sessionId)).map((one) => startedEntry(resource, one, now)),
    ...ended.map((session) => endedEntry(resource, session, now)),
  ])
  return strays
}

function startedEntry(
  resource: Look['resource'],
  { session, holder, since, isOutside }: Started,
  now: Date,
): AuditEntry {
  return {
    ...useOf(holder, now),
    body: {
      ...bodyOf(resource, 'session_started'),
      session_id: session.sessionId,
      started_at: since.toISOString(),
      ...(session.sourceAddress === undefined ? {} : { source_address: session.sourceAddress }),
      ...(isOutside ? { outside_attested_address: true } : {}),
    },
  }
}

function endedEntry(resource: Look['resource'], session: EndedSession, now: Date): AuditEntry {
  return {
    ...useOf(session, now),
    body: {
      ...bodyOf(resource, 'session_ended'),
      session_id: session.session_id,
      started_at: session.started_at.toISOString(),
      ...(session.source_address === null ? {} : { source_address: session.source_address }),
    },
  }
}

function useOf(
  holder: Pick<AccountHolder, 'credential_id' | 'identity_id' | 'task_id' | 'attestation_id'>,
  now: Date,
): AuditEntry {
  return {
    action: 'credential.used',
    at: now,
    actor,
    identityId: holder.identity_id,
    taskId: holder.task_id ?? undefined,
    attestationId: holder.attestation_id,
    credentialId: holder.credential_id,
  }
}

function bodyOf(resource: Look['resource'], event: string): JsonObject {
  return { event, resource_id: resource.resource_id }
}

/** The address of the session, where its holder proved what it is from another one. */
function outsideAddress(
  { sourceAddress }: ObservedSession,
  { attested_address: attested }: Pick<AccountHolder, 'attested_address'>,
): string | undefined {
  if (sourceAddress === undefined || attested === null) return undefined
  return plain(sourceAddress) === plain(attested) ? undefined : sourceAddress
}

/** An IPv4 address is one and the same whether it came over a socket of IPv6 or not. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function findingOf({ resource_id: resourceId }: Look['resource']) {
  return { kind: 'session_stray', subject: resourceSubject(resourceId) }
}

function countOf({ ended, unexplained }: Strays): number {
  return ended.length + unexplained.length
}

/** @returns whether the target was told to end them */
async function cutStrays(
  target: Look['target'],
  strays: readonly ObservedSession[],
  signal: AbortSignal,
): Promise<boolean> {
  return target.use(async (way) => {
    if (way.cutSessions === undefined) return false
    await way.cutSessions(strays, signal)
    return true
  })
}

async function report(
  tx: Tx,
  resource: Look['resource'],
  { ended, unexplained }: Strays,
  cut: readonly ObservedSession[],
  now: Date,
): Promise<void> {
  const strays = [...ended, ...unexplained]
  const isNew = await raiseFinding(
    tx,
    {
      ...findingOf(resource),
      severity: 'high',
      detail: `${strays.length} open sessions belong to no live credential; ${cut.length} of them were ended`,
    },
    actor,
    now,
  )
  // One that is only reported is there at every look: it is written down once, with its finding.
  if (cut.length === 0 && !isNew) return
  const wasCut = new Set(cut)
  await appendAudits(tx, [
    {
      action: 'resource.strays_seen',
      at: now,
      actor,
      body: {
        resource_id: resource.resource_id,
        seen: strays.length,
        ended: cut.length,
        sessions: strays.slice(0, maxNamed).map((one) => ({
          session_id: one.sessionId,
          account_name: one.accountName ?? null,
          source_address: one.sourceAddress ?? null,
          ended: wasCut.has(one),
        })),
      },
    },
  ])
}
