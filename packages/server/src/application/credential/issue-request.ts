/** What is asked of an issue, and what became of the asking before the target is touched. */
import {
  canonicalJson,
  type CredentialId,
  encodeBase64,
  encodeUtf8,
  MayflyError,
  type ProblemCode,
  type TaskId,
} from '@mayfly/domain'
import type { ActClaim, Holder, Secret, TargetKey, TokenStatement } from '@mayfly/provider-kit'
import type { PreparedTarget } from '../../adapters/targets/targets.ts'
import type { CredentialRow } from '../../store/credential-rows.ts'
import type { IssueBounds } from '../../store/issue-rows.ts'
import { sha256 } from '../audit/sha256.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { PermitDecision } from '../decision/decision.ts'
import type { DelegationRequest } from '../decision/facts.ts'
import type { TokenBinding } from '../proof/token-binding.ts'
import type { StatusPlace } from '../revocation/status-places.ts'

export interface IssueInput {
  /** By id, or as `resource/role`. */
  readonly role: string
  readonly taskId?: TaskId | undefined
  /** The life asked for; what is granted may be shorter. */
  readonly ttlSeconds?: number | undefined
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** A key that the holder keeps, in a form that the resource's kind takes: what is issued opens nothing without it. */
  readonly publicKey?: string | undefined
  /** The same key with the same request gives the same credential, without its secret. */
  readonly idempotencyKey?: string | undefined
  /** What the token endpoint asks beside; absent elsewhere. */
  readonly token?: TokenTerms | undefined
}

/** What is asked of a token by the protocols that ask for one. */
export interface TokenTerms {
  /** RFC 8707: each must be an audience of the role's resource; none: whatever it is for. */
  readonly audiences: readonly string[]
  /** What the sender has proven to hold; undefined: a bearer token. */
  readonly binding: TokenBinding | undefined
  /** RFC 9396: it was asked for by `authorization_details`, so what is granted is told in them. */
  readonly tellsDetails: boolean
  readonly onBehalfOf?: Delegation | undefined
  /** The end of what it is exchanged for: nothing that comes of that lives longer. */
  readonly endsBy?: Date | undefined
}

/** Whose token is exchanged (RFC 8693). All of it was checked; the rows are read again where the decision is made. */
export interface Delegation extends DelegationRequest {
  /** Who acted before, the outermost last but the holder; told, and never decided on. */
  readonly act?: ActClaim | undefined
  /** What is exchanged, where it is a token of ours for another audience: ends with it. */
  readonly parentCredentialId?: CredentialId | undefined
}

/** What must be at hand before the row of a token can be written; got outside of its transaction. */
export interface Preparation {
  readonly place?: StatusPlace
}

/** The row is committed; the target has not been touched. */
export interface Requested {
  readonly outcome: 'requested'
  readonly row: CredentialRow
  readonly permission: unknown
  readonly target: PreparedTarget
  /** For kinds that know a credential by a key: on its way to `issue`, kept nowhere else. */
  readonly key?: TargetKey
  readonly decision: PermitDecision
  readonly holder: Holder
  /** Keyed, by the key that was active then: recognises the credential where it is found. */
  readonly fingerprint: { readonly keyId: string; readonly of: (value: Secret) => string }
}

/** The row of a token is committed, as active: what is left is to sign. */
export interface Granted {
  readonly outcome: 'granted'
  readonly row: CredentialRow
  readonly permission: unknown
  readonly target: PreparedTarget
  readonly statement: TokenStatement
  readonly receipt: AuditReceipt
}

export type RequestOutcome =
  | Requested
  | Granted
  /** A token was asked for, and its place in a status list or the key that signs it is not there yet. */
  | { readonly outcome: 'unprepared'; readonly keyMissing: boolean }
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

/** What the credential can be bound to beside possession. */
export function holderOf(input: IssueInput, { proofSourceAddress }: Pick<IssueBounds, 'proofSourceAddress'>): Holder {
  return {
    ...(input.publicKey === undefined ? {} : { publicKey: input.publicKey }),
    ...(proofSourceAddress === null ? {} : { address: proofSourceAddress }),
  }
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
          ...(input.publicKey === undefined ? {} : { public_key: input.publicKey }),
        }),
      ),
    ),
  )
}
