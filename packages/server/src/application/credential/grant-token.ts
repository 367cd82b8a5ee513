/** Writes the row of a token: active from its commit on, since nothing has to be made anywhere else (law 1). */
import { MayflyError } from '@mayfly/domain'
import type { TokenStatement } from '@mayfly/provider-kit'
import type { Signer } from '../../adapters/keys/signing-key.ts'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import type { NewCredentialRow } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { insertIssue } from '../../store/issue-statements.ts'
import { type AuditEntry, entryRowOf, receiptOf } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { PermitDecision } from '../decision/decision.ts'
import { decisionRowOf } from '../decision/record-decision.ts'
import type { CallContext, IssueDeps } from './issue-deps.ts'
import type { Granted } from './issue-request.ts'
import {
  bindingOf,
  boundToOf,
  requireTokenTerms,
  tokenColumns,
  tokenEnd,
  type TokenInput,
  tokenStatement,
} from './token-row.ts'

/** Runs in the transaction of the decision, and records it. */
export async function grantToken(
  deps: IssueDeps,
  tx: Tx,
  ctx: CallContext,
  account: NewCredentialRow,
  decision: PermitDecision,
  of: TokenInput,
  keyId: string,
  target: PreparedTarget,
): Promise<Granted> {
  await requireTokenTerms(tx, of)
  requireBinding(of, decision)
  const signer = await deps.keys.signerOf(tx, keyId)
  const end = tokenEnd(of, { expires_at: new Date(account.expires_at) })
  const credential: NewCredentialRow = { ...account, ...tokenColumns(of), expires_at: end, max_expires_at: end }
  const entry = entryRowOf(tx.tenantId, grantedEntry(ctx, credential, of))
  tx.commitWithNext()
  const row = await insertIssue(tx, {
    decision: decisionRowOf(decision),
    alongside: (decision.alongside ?? []).map(decisionRowOf),
    credential,
    state: 'active',
    entry,
  })
  const statement = tokenStatement(of, credential, tokenSigner(signer))
  return { outcome: 'granted', row, permission: of.permission, target, statement, receipt: receiptOf(entry) }
}

/** Where the surface knows what the sender holds, the decision has asked for it already. */
function requireBinding({ input, bounds }: TokenInput, { duties }: PermitDecision): void {
  if (duties.requireBinding !== 'key' || boundToOf(bindingOf(input, bounds)) === 'key') return
  throw new MayflyError('target_refused', {
    publicDetail: 'policy demands a token that is bound to a key',
    hint: 'prove with DPoP (RFC 9449) or a client certificate (RFC 8705)',
  })
}

function tokenSigner(signer: Signer): Signer & { readonly algorithm: TokenStatement['algorithm'] } {
  const { algorithm } = signer
  if (algorithm === 'ES256' || algorithm === 'RS256') return { ...signer, algorithm }
  throw new MayflyError('key_unusable', { log: `the key ${signer.keyId} does not sign tokens` })
}

function grantedEntry(ctx: CallContext, row: NewCredentialRow, { now, input, bounds }: TokenInput): AuditEntry {
  const onBehalfOf = input.token?.onBehalfOf
  return {
    action: 'credential.issued',
    at: now,
    actor: ctx.actor,
    identityId: row.identity_id,
    taskId: row.task_id ?? undefined,
    attestationId: row.attestation_id,
    decisionId: row.decision_id,
    credentialId: row.credential_id,
    rows: [
      statedRow('credential', {
        ...row,
        task_id: row.task_id ?? null,
        target_key: null,
        parameters: row.parameters ?? '{}',
        expires_at: new Date(row.expires_at),
        max_expires_at: new Date(row.max_expires_at),
        state: 'active',
        revocation_id: null,
        version: 1,
      }),
    ],
    body: {
      role_id: row.role_id,
      resource_id: row.resource_id,
      bound_to: boundToOf(bindingOf(input, bounds)),
      expires_at: new Date(row.expires_at).toISOString(),
      request_id: ctx.requestId,
      ...(onBehalfOf === undefined
        ? {}
        : {
            on_behalf_of: {
              kind: onBehalfOf.subject.kind,
              id: onBehalfOf.subject.kind === 'person' ? onBehalfOf.subject.personId : onBehalfOf.subject.identityId,
              attestation_id: onBehalfOf.attestationId,
              chain_length: onBehalfOf.chainLength,
            },
          }),
    },
  }
}
