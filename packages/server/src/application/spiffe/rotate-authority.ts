/**
 * Changes the X.509 authority without a moment in which someone cannot verify: prepare, publish, activate, retire.
 *
 * Promise: one signs only after the bundle has held it for three refresh hints; a retired one stays in the bundle for as
 * long as anything that it signed can live. A compromised one leaves the bundle with the commit that replaces it, what it
 * signed is revoked by the one path, and everyone connected is told to fetch anew.
 */
import { MayflyError } from '@mayfly/domain'
import {
  activateAuthority,
  type AuthorityRow,
  type CertifiedAuthorityRow,
  lockAuthorities,
  retireAuthority,
} from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'
import { lockKeys } from '../../store/key-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import { endCompromised } from './end-compromised.ts'
import { prepareAuthority } from './prepare-authority.ts'
import type { AuthorityKeyDeps } from './spiffe-deps.ts'
import { maxX509TtlSeconds } from './svid-life.ts'
import { publishKeys, svidKeyPublishAheadSeconds } from './trust-bundle.ts'

export interface AuthorityRotation {
  readonly now: Date
  readonly actor: Actor
  readonly requestId: string
  /** The active one's key is in wrong hands: replace it at once, and believe nothing that it signed. */
  readonly compromised?: boolean
}

export interface RotatedAuthority {
  /** `prepared`: published, and active when it has been for long enough. `active`: signs now. */
  readonly authority: AuthorityRow
  readonly retired: AuthorityRow | undefined
  /** Null where nothing had to be changed: one waits already. */
  readonly receipt: AuditReceipt | null
}

/** One step: prepares where none waits, activates what has been published long enough. */
export async function rotateAuthority(
  deps: Pick<AuthorityKeyDeps, 'keys' | 'trustDomain' | 'upstream'>,
  tx: Tx,
  rotation: AuthorityRotation,
): Promise<RotatedAuthority> {
  const { now, compromised = false } = rotation
  await lockKeys(tx)
  const rows = await lockAuthorities(tx)
  const active = rows.find((row) => row.state === 'active')
  if (active === undefined) throw new MayflyError('key_unusable', { log: 'no X.509 authority is active' })
  const requested = rows.find((row) => row.state === 'requested')
  const prepared = rows.find((row) => row.state === 'prepared')
  if (compromised) return replaceCompromised(deps, tx, rotation, active, { requested, prepared })
  const waiting = requested ?? prepared
  if (waiting === undefined) {
    const made = await prepareAuthority(deps, tx, now)
    const receipt = await tellAuthority(tx, rotation, 'svid_authority.prepared', [made])
    return { authority: made, retired: undefined, receipt }
  }
  if (prepared === undefined || !isAuthorityPublishedLongEnough(prepared, now)) {
    return { authority: waiting, retired: undefined, receipt: null }
  }
  return activate(tx, rotation, active, prepared, believedUntil(active, now), 'svid_authority.activated')
}

export function isAuthorityPublishedLongEnough({ prepared_at: preparedAt }: AuthorityRow, now: Date): boolean {
  return preparedAt !== null && now.getTime() - preparedAt.getTime() >= svidKeyPublishAheadSeconds * 1000
}

interface Waiting {
  readonly requested: AuthorityRow | undefined
  readonly prepared: AuthorityRow | undefined
}

async function replaceCompromised(
  deps: Pick<AuthorityKeyDeps, 'keys' | 'trustDomain' | 'upstream'>,
  tx: Tx,
  rotation: AuthorityRotation,
  active: AuthorityRow,
  { requested, prepared }: Waiting,
): Promise<RotatedAuthority> {
  // Whoever has an authority above elsewhere cannot wait for it now; its request is asked anew afterwards.
  if (requested !== undefined) await retireAuthority(tx, requested.x509_authority_id, rotation.now, rotation.now)
  const next = prepared ?? (await prepareAuthority(deps, tx, rotation.now))
  const done = await activate(tx, rotation, active, next, rotation.now, 'svid_authority.replaced')
  await endCompromised(tx, active.key_id, rotation, 'the X.509 authority was replaced: it is compromised')
  return done
}

async function activate(
  tx: Tx,
  rotation: AuthorityRotation,
  active: AuthorityRow,
  next: AuthorityRow,
  trustedUntil: Date,
  action: 'svid_authority.activated' | 'svid_authority.replaced',
): Promise<RotatedAuthority> {
  const retired = await retireAuthority(tx, active.x509_authority_id, rotation.now, trustedUntil)
  const authority = await activateAuthority(tx, next.x509_authority_id, rotation.now)
  const receipt = await tellAuthority(tx, rotation, action, [authority, retired])
  return { authority, retired, receipt }
}

/** Until the last SVID that it may have signed has ended, and a minute for clocks. */
function believedUntil({ not_after: notAfter }: AuthorityRow, now: Date): Date {
  const last = now.getTime() + (maxX509TtlSeconds + 60) * 1000
  return new Date(Math.min(last, notAfter?.getTime() ?? last))
}

/** Publishes what has changed, and says so in one entry. */
export async function tellAuthority(
  tx: Tx,
  { now, actor, requestId }: Pick<AuthorityRotation, 'now' | 'actor' | 'requestId'>,
  action: `svid_authority.${'requested' | 'prepared' | 'activated' | 'replaced' | 'abandoned'}`,
  rows: readonly (AuthorityRow | CertifiedAuthorityRow)[],
): Promise<AuditReceipt> {
  return appendAudit(tx, {
    action,
    at: now,
    actor,
    rows: [...rows.map((row) => statedRow('x509_authority', row)), ...(await publishKeys(tx, now))],
    body: { key_id: rows[0]?.key_id ?? '', request_id: requestId },
  })
}
