/**
 * Join tokens: how a machine that has no proof yet gets one. Short, for one identity, used once; what it gives is not
 * access but a bound key.
 *
 * Promise: as powerful as writing a binding of that identity, and judged as that; shown once and kept as a keyed digest.
 */
import { type JoinTokenId, MayflyError, newId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import {
  cancelActiveJoinToken,
  getJoinToken,
  insertJoinToken,
  type JoinTokenWithNames,
} from '../../store/join-token-rows.ts'
import { findTrustProvider } from '../../store/trust-provider-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord } from '../context.ts'
import type { Change } from '../registry/change.ts'
import { makeJoinTokenText } from './join-token-text.ts'

export const defaultJoinTtlSeconds = 600
export const maxJoinTtlSeconds = 86_400

export interface NewJoinToken {
  /** Id or name. */
  readonly identity: string
  /** Name of a trust provider of kind `bound_key`. */
  readonly becomes: string
  readonly ttlSeconds?: number | undefined
}

/** @throws MayflyError `resource_not_found`, `request_invalid`, `state_not_allowed` */
export async function makeJoinToken(
  deps: { readonly keys: KeyRing },
  change: Change,
  input: NewJoinToken,
): Promise<{ row: JoinTokenWithNames; token: Secret; receipt: AuditReceipt }> {
  const { tx, now, actor } = change
  const identity = await getIdentity(tx, input.identity)
  if (identity.state !== 'active' || identity.expires_at <= now) {
    throw new MayflyError('state_not_allowed', {
      publicDetail: `the identity \`${identity.name}\` is ${identity.state === 'active' ? 'expired' : identity.state}`,
    })
  }
  const trustProvider = await findTrustProvider(tx, input.becomes)
  if (trustProvider === undefined || trustProvider.kind !== 'bound_key' || trustProvider.state !== 'active') {
    const detail = `\`${input.becomes}\` is no trust provider of kind \`bound_key\` in use`
    throw new MayflyError('request_invalid', {
      publicDetail: detail,
      hint: 'a machine that joins proves itself by its key from then on; register such a trust provider',
      fields: [{ pointer: '/becomes', detail }],
    })
  }
  const token = makeJoinTokenText(tx.tenantId)
  const ttlSeconds = input.ttlSeconds ?? defaultJoinTtlSeconds
  const inserted = await insertJoinToken(tx, {
    join_token_id: newId<JoinTokenId>(now.getTime()),
    token_digest: await digestOf(deps, tx, token),
    identity_id: identity.identity_id,
    trust_provider_id: trustProvider.trust_provider_id,
    created_by: JSON.stringify(actorRecord(actor)),
    created_at: now,
    expires_at: new Date(now.getTime() + ttlSeconds * 1000),
  })
  const receipt = await appendAudit(tx, {
    action: 'join_token.made',
    at: now,
    actor,
    identityId: identity.identity_id,
    ...(change.decisionId === undefined ? {} : { decisionId: change.decisionId }),
    rows: [statedRow('join_token', inserted)],
    body: {
      join_token_id: inserted.join_token_id,
      expires_at: inserted.expires_at.toISOString(),
      request_id: change.requestId,
    },
  })
  return { row: await getJoinToken(tx, inserted.join_token_id), token, receipt }
}

/** @throws MayflyError `resource_not_found`, `state_not_allowed`: it was used */
export async function cancelJoinToken(
  change: Change,
  id: string,
): Promise<{ row: JoinTokenWithNames; receipt: AuditReceipt | null }> {
  const { tx, now, actor } = change
  const current = await getJoinToken(tx, id)
  if (current.state === 'cancelled') return { row: current, receipt: null }
  const cancelled = await cancelActiveJoinToken(tx, current.join_token_id)
  if (cancelled === undefined) {
    throw new MayflyError('state_not_allowed', {
      publicDetail: 'the join token was used',
      hint: 'retire the binding that it became',
    })
  }
  const receipt = await appendAudit(tx, {
    action: 'join_token.cancelled',
    at: now,
    actor,
    identityId: current.identity_id,
    ...(change.decisionId === undefined ? {} : { decisionId: change.decisionId }),
    rows: [statedRow('join_token', cancelled)],
    body: { join_token_id: current.join_token_id, request_id: change.requestId },
  })
  return { row: await getJoinToken(tx, id), receipt }
}

/** Keyed, so that a reader of the database cannot tell which token it is. */
export function digestOf(deps: { readonly keys: KeyRing }, tx: Change['tx'], token: Secret): Promise<string> {
  return deps.keys.fingerprint(tx, new Secret(`mayfly join token\n${token.reveal()}`))
}
