/**
 * Credentials that are signed and kept nowhere: no account at a target, whoever is shown one judges it alone.
 *
 * Promise: the row stands before the signature (law 1). The end is published, by introspection and by a status list, from
 * the commit of the revocation on; what that is worth depends on what the verifier asks, and the guarantees say so.
 */
import type { BoundTo, CredentialId, JsonObject, RevocationCause } from '@mayfly/domain'

export type TokenAlgorithm = 'ES256' | 'RS256'

/** What the server needs to know of such a kind before it can decide and sign. Pure. */
export interface SelfContained<Settings, Permission> {
  /** Which of the issuer's keys signs. */
  algorithm(settings: Settings): TokenAlgorithm
  /** For whom it is: what stands in `aud`. The settings have it as a list of texts, `audience`. */
  audience(settings: Settings): readonly string[]
  /** The longest life, in seconds, whatever policy and role say. */
  maxTtlSeconds(settings: Settings): number
  /** What stands in `scope`. */
  scopes(permission: Permission): readonly string[]
}

/** The actor of RFC 8693 section 4.1: the outermost acts now; what is inside has acted before, and decides nothing. */
export interface ActClaim {
  readonly sub: string
  readonly act?: ActClaim
}

/** What the issuer knows of a token; its kind adds what the resource and the role say. */
export interface TokenStatement {
  readonly issuer: string
  /** On whose authority: the holder itself, or whom the holder acts for. */
  readonly subject: string
  /** The id of the holder. */
  readonly clientId: string
  readonly act?: ActClaim
  readonly issuedAt: Date
  /** `cnf` (RFC 7800): absent for a bearer token. */
  readonly confirmation?: Readonly<Record<string, string>>
  readonly boundTo: BoundTo
  /** As granted (RFC 9396 section 7); absent where it was not asked for so. */
  readonly authorizationDetails?: readonly JsonObject[]
  readonly taskId?: string
  /** Where its state is published. */
  readonly status: { readonly idx: number; readonly uri: string }
  readonly keyId: string
  readonly algorithm: TokenAlgorithm
  /** JWS signature (RFC 7515) over the bytes. */
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** What has ended of one resource. Asked each time, where it is written (law 13). */
export interface PublishedEnds {
  /** Of these those that introspection and status list call ended. */
  ended(credentialIds: readonly CredentialId[], signal: AbortSignal): Promise<ReadonlySet<CredentialId>>
  /** Of these those that were issued for the resource, whatever has become of them. */
  issued(credentialIds: readonly CredentialId[], signal: AbortSignal): Promise<ReadonlySet<CredentialId>>
  /**
   * All credentials of the resource that were ended before their time and are not past it: what a revocation list must
   * name. In the order of their ids.
   */
  listEnded(signal: AbortSignal): Promise<readonly EndedCredential[]>
  /**
   * Of these keys at the target (`AccountHandle.targetKey`) those of credentials of the resource that are past their end
   * by ten minutes or more: what a list need not name any more, whatever the target's clock.
   */
  longOver(targetKeys: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>
  /**
   * What `listEnded` says, for a list of its own: with a number that grows with each call, over all servers, for the
   * resource: of a CRL, of a KRL. Begins at 1. A list with a higher number never says less of what has ended.
   */
  nextList(signal: AbortSignal): Promise<{ readonly number: number; readonly ended: readonly EndedCredential[] }>
  /**
   * Runs `work` alone, among all servers, for this resource: for targets that know no compare-and-swap. Whoever comes
   * meanwhile waits. No transaction is open; a server that dies lets go.
   */
  exclusively<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
  /** Where the public fetches the resource's documents; the names of `documents` follow after a `/`. */
  readonly url: string
}

export interface EndedCredential {
  readonly credentialId: CredentialId
  readonly accountName: string
  /** Where the kind has `prepareKey`. */
  readonly targetKey?: string
  readonly endedAt: Date
  /** When it would have ended by itself. */
  readonly expiresAt: Date
  readonly cause: RevocationCause
}
