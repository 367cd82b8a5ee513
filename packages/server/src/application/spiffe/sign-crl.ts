/**
 * Certificate revocation lists (RFC 5280 section 5), one for each X.509 authority.
 *
 * Promise: a list that is asked for after the commit of a revocation names what it revoked, on every server: the revocation
 * writes what is due, and as long as something is due nothing older is served. A worker signs ahead of those who ask.
 * Limit: readers may keep a list until its `nextUpdate`, ten minutes; SVIDs past their end are listed once more and no longer.
 */
import { crlReasonOf, encodeCrl, MayflyError, type TenantId } from '@mayfly/domain'
import { findAuthorityByKeyId, listTrustedAuthorities } from '../../store/authority-rows.ts'
import {
  type CrlRow,
  findCrl,
  listCrlDue,
  listRevokedSvids,
  lockCrl,
  readCrlState,
  storeCrl,
} from '../../store/crl-rows.ts'
import type { Tx } from '../../store/database.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { Actor } from '../context.ts'
import type { AuthorityKeyDeps } from './spiffe-deps.ts'

export const crlLifeSeconds = 600
/** Signed anew when so much is left, so that no reader is ever given one that is about to end. */
const signAheadSeconds = 300
const backdateSeconds = 10

const publisher: Actor = { kind: 'system', worker: 'sign-crls' }

export type CrlDeps = Pick<AuthorityKeyDeps, 'database' | 'clock' | 'authorities'>

/** @returns undefined where there is no such authority, or nothing that it signed is believed any more */
export async function currentCrl(deps: CrlDeps, tenantId: TenantId, keyId: string): Promise<CrlRow | undefined> {
  return deps.database.transaction(tenantId, (tx) => upToDateCrl(deps, tx, keyId, deps.clock.now()))
}

/** The same inside a transaction. */
export async function upToDateCrl(deps: CrlDeps, tx: Tx, keyId: string, now: Date): Promise<CrlRow | undefined> {
  if (await isUpToDate(tx, keyId, now)) return findCrl(tx, keyId)
  const authority = await findAuthorityByKeyId(tx, keyId)
  if (authority === undefined) return undefined
  const { state, trusted_until: trustedUntil, not_after: notAfter } = authority
  if (notAfter <= now || (state === 'retired' && (trustedUntil === null || trustedUntil <= now))) return undefined
  await lockCrl(tx, keyId)
  // Whoever held the lock may have done it.
  if (await isUpToDate(tx, keyId, now)) return findCrl(tx, keyId)
  const before = await readCrlState(tx, keyId)
  const due = await listCrlDue(tx, keyId)
  // RFC 5280 section 3.3: an entry stays until a list from after the end of its certificate has had it.
  const revoked = await listRevokedSvids(tx, keyId, before.thisUpdate ?? now)
  const { signer, name, subjectKeyId } = await deps.authorities.open(tx, authority)
  const thisUpdate = wholeSecond(now.getTime() - backdateSeconds * 1000)
  const row = {
    issuing_key_id: keyId,
    number: (before.number ?? 0) + 1,
    this_update: thisUpdate,
    next_update: wholeSecond(now.getTime() + crlLifeSeconds * 1000),
  }
  const der = encodeCrl(
    { signer, name, keyId: subjectKeyId },
    {
      crlNumber: row.number,
      thisUpdate,
      nextUpdate: row.next_update,
      revoked: revoked.map((each) => ({
        serialNumber: each.serial_number,
        revokedAt: each.revoked_at,
        reason: crlReasonOf(each.cause),
      })),
    },
  )
  const stored = { ...row, der: Buffer.from(der) }
  await storeCrl(tx, stored, due)
  if (due.length > 0) {
    await appendAudit(tx, {
      action: 'svid.revocation_published',
      at: now,
      actor: publisher,
      body: { key_id: keyId, crl_number: row.number, newly_listed: due.length, listed: revoked.length },
    })
  }
  const written = await findCrl(tx, keyId)
  if (written === undefined) throw new MayflyError('internal', { log: `the CRL of ${keyId} was not stored` })
  return written
}

async function isUpToDate(tx: Tx, keyId: string, now: Date): Promise<boolean> {
  const { due, nextUpdate } = await readCrlState(tx, keyId)
  return !due && nextUpdate !== undefined && nextUpdate.getTime() - now.getTime() > signAheadSeconds * 1000
}

/** A worker: signs ahead for every authority of the tenant whose SVIDs are believed. */
export async function signCrls(deps: CrlDeps, tenantId: TenantId, signal: AbortSignal): Promise<'idle'> {
  const now = deps.clock.now()
  const keyIds = await deps.database.transaction(tenantId, async (tx) => {
    const rows = await listTrustedAuthorities(tx, now)
    return rows.filter((row) => row.state !== 'prepared').map((row) => row.key_id)
  })
  for (const keyId of keyIds) {
    if (signal.aborted) break
    await deps.database.transaction(tenantId, (tx) => upToDateCrl(deps, tx, keyId, now))
  }
  return 'idle'
}

function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000)
}
