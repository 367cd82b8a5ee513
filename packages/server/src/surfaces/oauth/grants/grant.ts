/** A grant: one way of asking the token endpoint for a token (RFC 6749 section 4). One file each, one line in `grants.ts`. */
import type { TenantId } from '@mayfly/domain'
import type { FastifyRequest } from 'fastify'
import type { IssueDeps } from '../../../application/credential/issue-deps.ts'
import type { ProofDeps } from '../../../application/proof/proof-deps.ts'
import type { TokenBinding } from '../../../application/proof/token-binding.ts'
import type { HttpDeps } from '../../http/http-deps.ts'
import type { Form } from '../form.ts'

export interface OAuthDeps extends ProofDeps {
  readonly gate: HttpDeps['gate']
  /** For tokens that are credentials. */
  readonly issue: IssueDeps
}

/** A request to an endpoint of a tenant, its form read. */
export interface Asked {
  readonly tenantId: TenantId
  readonly request: FastifyRequest
  readonly form: Form
}

export interface TokenRequest extends Asked {
  /** What the sender has proven to hold beside: whatever token comes of the request is bound to it. */
  readonly tokenBinding: TokenBinding | undefined
}

/** What an endpoint answers with. */
export interface Answer<Body = unknown> {
  readonly body: Body
  /** Of the body; default `application/json`. */
  readonly mediaType?: string
  /** For the header `DPoP-Nonce`. */
  readonly dpopNonce?: string | undefined
}

/** RFC 6749 section 5.1, and what else is said of the token. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP' | 'N_A'
  readonly expires_in: number
  readonly [member: string]: unknown
}

/** @throws OAuthError the code that its RFC names */
export type Grant = (deps: OAuthDeps, asked: TokenRequest) => Promise<TokenAnswer>
