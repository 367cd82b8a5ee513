/**
 * Join tokens: how a machine that has no proof yet gets one. Short, for one identity, used once; what it gives is not
 * access but a bound key.
 *
 * Promise: as powerful as writing a binding of that identity, and judged as that; within the rule under which it is made;
 * shown once and kept as a keyed digest. It ends with what it is for: when the identity is suspended or retired, its owner
 * departs, or a trust provider that it rests on is changed or retired, it is cancelled.
 */
import { type JoinTokenId, MayflyError, newId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import {
  findJoinFault,
  joinTokenTrustProvider,
} from '../../adapters/trust-providers/join-token/join-token-trust-provider.ts'
import type { Tx } from '../../store/database.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import {
  cancelActiveJoinToken,
  getJoinToken,
  insertJoinToken,
  type JoinTokenWithNames,
} from '../../store/join-token-rows.ts'
import { findTrustProvider, type TrustProviderRow } from '../../store/trust-provider-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import { actorRecord } from '../context.ts'
import type { Change } from '../registry/change.ts'
import { factsUnchanged } from '../decision/facts-unchanged.ts'
import { makeJoinTokenText } from './join-token-text.ts'

export const defaultJoinTtlSeconds = 600
export const maxJoinTtlSeconds = 86_400

export interface NewJoinToken {
  /** Id or name. */
  readonly identity: string
  /** Name of a trust provider of kind `join_token`: the rule under which it is made. This or `becomes`. */
  readonly trustProvider?: string | undefined
  /** Name of a trust provider of kind `bound_key`: under no rule, and joining is recorded as no proof. */
  readonly becomes?: string | undefined
  /** Default 600, or what the rule allows. */
  readonly ttlSeconds?: number | undefined
}

/** @throws MayflyError `resource_not_found`, `request_invalid`, `state_not_allowed`, `version_conflict` */
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
  const { rule, becomes, maxTtlSeconds } = await resolveRule(tx, input, identity)
  const ttlSeconds = input.ttlSeconds ?? Math.min(defaultJoinTtlSeconds, maxTtlSeconds)
  if (ttlSeconds > maxTtlSeconds) {
    throw invalid('/ttl_seconds', `is more than a token may live: at most ${maxTtlSeconds}`, 'ask for less')
  }
  const held = [
    { table: 'identity', id: identity.identity_id, version: identity.version },
    ...[becomes, ...(rule === undefined ? [] : [rule])].map(
      ({ trust_provider_id: id, version }) => ({ table: 'trust_provider', id, version }) as const,
    ),
  ] as const
  // Else a token could come to be just after all of them were cancelled.
  if (!(await factsUnchanged(tx, held))) {
    throw new MayflyError('version_conflict', {
      publicDetail: 'what the token is for has just changed',
      hint: 'try again',
    })
  }
  const token = makeJoinTokenText(tx.tenantId)
  const inserted = await insertJoinToken(tx, {
    join_token_id: newId<JoinTokenId>(now.getTime()),
    token_digest: await digestOf(deps, tx, token),
    identity_id: identity.identity_id,
    trust_provider_id: becomes.trust_provider_id,
    rule_id: rule?.trust_provider_id ?? null,
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

/** What a token is made under, and what it becomes. */
interface ResolvedRule {
  readonly rule: TrustProviderRow | undefined
  readonly becomes: TrustProviderRow
  readonly maxTtlSeconds: number
}

async function resolveRule(
  tx: Tx,
  { trustProvider, becomes }: NewJoinToken,
  identity: { readonly name: string; readonly environment: string },
): Promise<ResolvedRule> {
  if ((trustProvider === undefined) === (becomes === undefined)) {
    const detail = 'give `trust_provider`, the rule, or `becomes`, and only one of them'
    throw invalid('/trust_provider', detail, 'with a rule the joining is recorded as a proof')
  }
  if (trustProvider === undefined) {
    return {
      rule: undefined,
      becomes: await getInUse(tx, '/becomes', becomes ?? '', 'bound_key'),
      maxTtlSeconds: maxJoinTtlSeconds,
    }
  }
  const rule = await getInUse(tx, '/trust_provider', trustProvider, 'join_token')
  const settings = joinTokenTrustProvider.settings.parse(rule.settings)
  const fault = findJoinFault(settings, identity)
  if (fault !== undefined) throw invalid('/identity', fault, 'change the trust provider, or use another one')
  return {
    rule,
    becomes: await getInUse(tx, '/trust_provider', settings.becomes, 'bound_key'),
    maxTtlSeconds: settings.max_ttl_seconds,
  }
}

async function getInUse(
  tx: Tx,
  pointer: string,
  ref: string,
  kind: 'bound_key' | 'join_token',
): Promise<TrustProviderRow> {
  const row = await findTrustProvider(tx, ref)
  if (row?.kind === kind && row.state === 'active') return row
  const hint =
    kind === 'bound_key'
      ? 'a machine that joins proves itself by its key from then on; register such a trust provider'
      : 'register one that says for which identities'
  throw invalid(pointer, `\`${ref}\` is no trust provider of kind \`${kind}\` in use`, hint)
}

function invalid(pointer: string, detail: string, hint: string): MayflyError {
  return new MayflyError('request_invalid', { publicDetail: detail, hint, fields: [{ pointer, detail }] })
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
