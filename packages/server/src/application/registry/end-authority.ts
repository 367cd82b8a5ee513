import { MayflyError, type RevocationCause, type SelectorKind } from '@mayfly/domain'
import { requestRedecision } from '../../store/redecision-rows.ts'
import { actorRecord } from '../context.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'
import type { Change } from './change.ts'

/** Ends what the selector holds, in the transaction of the change that is the cause (laws 2 and 3). */
export async function endAuthority(
  change: Change,
  selector: { readonly kind: SelectorKind; readonly id: string },
  cause: RevocationCause,
  reason?: string,
): Promise<void> {
  const ended = await requestRevocation(change.tx, {
    selector,
    cause,
    requestedBy: actorRecord(change.actor),
    now: change.now,
    requestId: change.requestId,
    ...(reason === undefined ? {} : { reason }),
  })
  change.onEnded?.(ended?.ended ?? 0)
}

/** Has what is live decided again, since what it was decided on has changed (law 11). */
export async function decideAgain(
  change: Change,
  selectorKind: 'identity' | 'owner' | 'role' | 'resource' | 'trust_provider' | 'person',
  selectorId: string,
  why: string,
): Promise<void> {
  await requestRedecision(change.tx, {
    selectorKind,
    selectorId,
    why,
    requestedBy: actorRecord(change.actor),
    now: change.now,
  })
}

/** @throws MayflyError `version_conflict` where the caller has seen another version than the one that is there */
export function requireVersion(noun: string, row: { readonly version: number }, seen: number | undefined): void {
  if (seen === undefined || seen === row.version) return
  throw new MayflyError('version_conflict', {
    publicDetail: `the ${noun} is at version ${row.version}, the change was made for version ${seen}`,
    hint: 'read it again and decide whether the change still fits',
    fields: [{ pointer: '/version', detail: `is ${seen}; the present version is ${row.version}` }],
  })
}

/** @throws MayflyError `state_not_allowed` for what is retired */
export function requireNotRetired(noun: string, row: { readonly state: string; readonly name?: string | null }): void {
  if (row.state !== 'retired') return
  throw new MayflyError('state_not_allowed', {
    publicDetail: `the ${noun} is retired, and stays so`,
    hint: 'register a new one under another name',
  })
}
