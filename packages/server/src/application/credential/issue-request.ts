/** What is asked of an issue, and what became of the asking before the target is touched. */
import { canonicalJson, encodeBase64, encodeUtf8, MayflyError, type ProblemCode, type TaskId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import type { CredentialRow } from '../../store/credential-rows.ts'
import { sha256 } from '../audit/sha256.ts'
import type { PermitDecision } from '../decision/decision.ts'

export interface IssueInput {
  /** By id, or as `resource/role`. */
  readonly role: string
  readonly taskId?: TaskId | undefined
  /** The life asked for; what is granted may be shorter. */
  readonly ttlSeconds?: number | undefined
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The same key with the same request gives the same credential, without its secret. */
  readonly idempotencyKey?: string | undefined
}

/** The row is committed; the target has not been touched. */
export interface Requested {
  readonly outcome: 'requested'
  readonly row: CredentialRow
  readonly permission: unknown
  readonly target: PreparedTarget
  readonly decision: PermitDecision
  /** Keyed, by the key that was active then: recognises the credential where it is found. */
  readonly fingerprint: { readonly keyId: string; readonly of: (value: Secret) => string }
}

export type RequestOutcome =
  | Requested
  | { readonly outcome: 'repeated'; readonly row: CredentialRow }
  /** Not now; what was found of it is committed. */
  | { readonly outcome: 'refused'; readonly code: ProblemCode; readonly hint: string }

/** @throws MayflyError `idempotency_key_reused` */
export function repetitionOf(row: CredentialRow, input: IssueInput): RequestOutcome {
  if (row.request_digest === requestDigest(input)) return { outcome: 'repeated', row }
  throw new MayflyError('idempotency_key_reused', {
    hint: 'use a new key for a new request',
    fields: [{ pointer: '/idempotency_key', detail: 'was used for a request with another content' }],
  })
}

/** Tells a repeated request from another one under the same idempotency key. */
export function requestDigest(input: IssueInput): string {
  return encodeBase64(
    sha256(
      encodeUtf8(
        canonicalJson({
          role: input.role,
          task_id: input.taskId ?? null,
          ttl_seconds: input.ttlSeconds ?? null,
          parameters: { ...input.parameters },
        }),
      ),
    ),
  )
}
