/** What the HTTP surface itself needs; a route's handler names what it needs beside. */
import type { TlsOptions } from 'node:tls'
import type { TenantId } from '@mayfly/domain'
import type { AuditReceipt } from '../../application/audit/audit-entry.ts'
import type { Actor, CoreDeps, RequestContext } from '../../application/context.ts'
import type { AuthorityRequest, PermitDecision } from '../../application/decision/decision.ts'
import type { SentToken } from '../../application/proof/authenticate-sender.ts'
import type { Tx } from '../../store/database.ts'

export interface HttpDeps extends CoreDeps {
  /**
   * `dpopNonce` goes into the header `DPoP-Nonce` of the answer.
   *
   * @throws MayflyError `token_invalid`, `dpop_proof_invalid`, `dpop_nonce_required`
   */
  authenticate(
    sent: SentToken,
  ): Promise<{ readonly tenantId: TenantId; readonly actor: Actor; readonly dpopNonce?: string }>
  /** @throws MayflyError `policy_denied` with `decision_id` and `reasons` */
  gate<T>(
    ctx: RequestContext,
    request: AuthorityRequest,
    work: (tx: Tx, decision: PermitDecision) => Promise<T>,
  ): Promise<T>
  /**
   * What makes the signed promise that an entry will be in the log. Its key is looked up in the transaction of the
   * change; it is called after the commit.
   */
  promiseSigner(tx: Tx): Promise<(receipt: AuditReceipt) => string>
  /** The same for a change that has been committed: looked up together with others that ask at the same time. */
  promiseSignerOf?(tenantId: TenantId): Promise<(receipt: AuditReceipt) => string>
  /** @throws MayflyError `clock_skewed`: nothing may be minted now */
  assertMayMint(): void
}

/** What is told of every request; nothing of its content. */
export interface RequestReport {
  readonly method: string
  /** The route's pattern, never the path: names of things stay out of metrics and logs. */
  readonly route: string
  readonly status: number
  readonly durationSeconds: number
}

export interface HttpOptions {
  /** Addresses or CIDRs of proxies whose `X-Forwarded-For` is believed; empty: the header is ignored. */
  readonly trustedProxies: readonly string[]
  readonly tls?: {
    readonly cert: string
    readonly key: string
    /** Gives another certificate to who names us so (RFC 6066 section 3). */
    readonly SNICallback?: TlsOptions['SNICallback']
  }
  /** Asks each client for its certificate and takes any or none: whoever uses one checks it (peer-certificate.ts). */
  readonly mutualTls?: boolean
  /** Requests of one authenticated caller. */
  readonly callerLimit: { readonly perSecond: number; readonly burst: number }
  /** Refused proofs and tokens from one address. */
  readonly refusalLimit: { readonly perSecond: number; readonly burst: number }
  readonly onRequest?: (report: RequestReport) => void
}
