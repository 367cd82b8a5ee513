/**
 * The error catalogue: one code for each thing that can go wrong, used by the server, the client and the CLI alike.
 * On the wire a problem is `application/problem+json` (RFC 9457) with `type` = `urn:mayfly:problem:<code>`.
 *
 * `retry` tells the caller what helps: `no` (change the request), `later` (the same request can succeed later),
 * `after_change` (someone must change something else first).
 */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  readonly retry: 'no' | 'later' | 'after_change'
}

export const problems = {
  // The request itself
  request_malformed: { status: 400, title: 'the request cannot be read', retry: 'no' },
  request_invalid: { status: 400, title: 'a field of the request is not valid', retry: 'no' },
  request_too_large: { status: 413, title: 'the request is larger than allowed', retry: 'no' },
  route_unknown: { status: 404, title: 'there is no such route', retry: 'no' },
  method_not_allowed: { status: 405, title: 'the route does not take this method', retry: 'no' },
  media_type_unsupported: { status: 415, title: 'the media type is not supported', retry: 'no' },
  cursor_invalid: { status: 400, title: 'the cursor does not belong to this list', retry: 'no' },
  idempotency_key_reused: { status: 409, title: 'the idempotency key was used for another request', retry: 'no' },

  // Who asks
  token_missing: { status: 401, title: 'no access token was presented', retry: 'no' },
  token_invalid: { status: 401, title: 'the access token is not valid', retry: 'no' },
  dpop_proof_invalid: { status: 401, title: 'the DPoP proof is not valid', retry: 'no' },
  dpop_nonce_required: { status: 401, title: 'the DPoP proof needs the nonce that the server gives', retry: 'no' },
  proof_rejected: { status: 401, title: 'the proof was not accepted', retry: 'no' },
  bootstrap_rejected: { status: 401, title: 'the bootstrap secret is not valid', retry: 'no' },
  sign_in_refused: { status: 401, title: 'the sign-in was not accepted', retry: 'no' },
  policy_denied: { status: 403, title: 'policy does not permit this', retry: 'after_change' },
  rate_limited: { status: 429, title: 'too many requests', retry: 'later' },

  // The registry
  resource_not_found: { status: 404, title: 'there is nothing with this id or name', retry: 'no' },
  name_taken: { status: 409, title: 'the name is already in use', retry: 'no' },
  version_conflict: { status: 409, title: 'it was changed by someone else in the meantime', retry: 'later' },
  identity_owner_missing: { status: 400, title: 'an identity needs an owner', retry: 'no' },
  state_not_allowed: { status: 409, title: 'its present state does not allow this', retry: 'no' },
  still_in_use: { status: 409, title: 'something still depends on it', retry: 'after_change' },
  secret_required: { status: 400, title: 'the secret must be entered again for this change', retry: 'no' },
  settings_invalid: { status: 400, title: 'the settings do not fit this kind', retry: 'no' },
  provider_unknown: { status: 400, title: 'there is no such kind of provider', retry: 'no' },
  manifest_invalid: { status: 400, title: 'the manifest is not usable', retry: 'no' },
  plan_changed: { status: 409, title: 'applying would do something else than the plan showed', retry: 'after_change' },

  // Proof
  sign_in_provider_unavailable: {
    status: 502,
    title: 'the sign-in provider does not answer as it should',
    retry: 'later',
  },
  trust_bundle_unavailable: { status: 503, title: 'the keys of the trust provider cannot be had', retry: 'later' },

  // Tasks, policy, decisions
  task_not_active: { status: 409, title: 'the task is not active', retry: 'no' },
  policy_invalid: { status: 400, title: 'the policy text is not valid', retry: 'no' },
  policy_locks_out_administrators: { status: 409, title: 'no administrator could act any more', retry: 'no' },
  policy_missing: { status: 503, title: 'no policy version is active', retry: 'after_change' },
  decision_engine_failed: { status: 503, title: 'the policy engine failed, so nothing is permitted', retry: 'later' },
  preview_changed: { status: 409, title: 'more would end than the preview showed', retry: 'after_change' },

  // Credentials and revocation
  credential_overtaken: { status: 409, title: 'it was revoked while it was being issued', retry: 'no' },
  credential_not_renewable: { status: 409, title: 'the credential cannot be renewed', retry: 'no' },
  credential_limit_reached: {
    status: 429,
    title: 'too many live credentials of this identity and role',
    retry: 'later',
  },
  revocation_held: {
    status: 409,
    title: 'it would end most of an environment, so a person must request it',
    retry: 'after_change',
  },
  issuance_paused: { status: 503, title: 'nothing is issued until the audit log has caught up', retry: 'later' },
  target_unreachable: { status: 502, title: 'the target did not answer', retry: 'later' },
  target_timeout: { status: 504, title: 'the target answered too late', retry: 'later' },
  target_rights_missing: { status: 502, title: 'the login at the target lacks a right', retry: 'after_change' },
  target_refused: { status: 502, title: 'the target refused', retry: 'after_change' },
  target_unsafe: {
    status: 409,
    title: 'the target is set up so that revocation would not hold',
    retry: 'after_change',
  },

  // Without a network
  bundle_malformed: { status: 400, title: 'the offline bundle cannot be read', retry: 'no' },
  bundle_untrusted: { status: 400, title: 'the offline bundle is not signed by a key that is believed', retry: 'no' },
  bundle_superseded: { status: 409, title: 'a newer offline bundle was imported before', retry: 'after_change' },
  bundle_outdated: { status: 409, title: 'the offline bundle is older than allowed', retry: 'after_change' },

  // The server
  configuration_invalid: { status: 500, title: 'the configuration is not usable', retry: 'after_change' },
  database_unavailable: { status: 503, title: 'the database cannot be reached', retry: 'later' },
  clock_skewed: { status: 503, title: 'the clock differs too much from the database', retry: 'after_change' },
  key_unusable: { status: 500, title: 'a key cannot be used', retry: 'after_change' },
  migration_refused: { status: 500, title: 'the database schema cannot be brought up to date', retry: 'after_change' },
  audit_verification_failed: { status: 500, title: 'the audit log does not verify', retry: 'no' },
  internal: { status: 500, title: 'something went wrong inside', retry: 'later' },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof problems

/** One thing wrong with one field: where (a JSON pointer, RFC 6901, into the body unless `in` says else), what, and the fix. */
export interface FieldProblem {
  readonly in?: 'path' | 'query' | 'header'
  readonly pointer: string
  readonly detail: string
}

export interface MayflyErrorOptions {
  /** For the server's log only: may name hosts, accounts, SQL. Never a secret. */
  readonly log?: string
  /** For the caller: never another tenant's names, hosts, SQL or a secret. Lower case, no full stop, input in backticks. */
  readonly publicDetail?: string
  /** What to do about it: one sentence, apart from the message. */
  readonly hint?: string
  readonly fields?: readonly FieldProblem[]
  /** More members of the problem document, e.g. `reasons` of a denial. JSON values only. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** The one error class. Denied is a value; broken, malformed and refused is this. */
export class MayflyError extends Error {
  override readonly name = 'MayflyError'
  readonly code: ProblemCode
  readonly options: MayflyErrorOptions

  constructor(code: ProblemCode, options: MayflyErrorOptions = {}) {
    super(`${code}: ${options.publicDetail ?? problems[code].title}${options.log ? ` (${options.log})` : ''}`, {
      cause: options.cause,
    })
    this.code = code
    this.options = options
  }
}

/** Why it failed, in words fit for whoever asked: no host, no SQL, no secret. */
export function publicReason({ code, options }: MayflyError): string {
  return options.publicDetail ?? problems[code].title
}
