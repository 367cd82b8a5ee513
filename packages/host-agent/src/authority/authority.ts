/** What the agent asks of the server. One implementation speaks HTTP; nothing else here knows how. */
export interface Authority {
  /**
   * Vouches for a process.
   *
   * @returns every identity whose binding fits; none where nothing fits or policy does not permit it
   * @throws AuthorityError
   */
  attest(request: AttestRequest, signal: AbortSignal): Promise<readonly VouchedIdentity[]>
  /** @returns `ended` where the attestation stands no more. @throws AuthorityError */
  issueX509Svid(request: X509Request, signal: AbortSignal): Promise<X509Certificates | 'ended'>
  /** @returns `ended` where the attestation stands no more. @throws AuthorityError */
  issueJwtSvid(request: JwtRequest, signal: AbortSignal): Promise<JwtSvid | 'ended'>
  /** The own trust domain's first. @throws AuthorityError */
  readBundles(signal: AbortSignal): Promise<readonly TrustBundle[]>
  /**
   * What happens, as it happens. Ends after some minutes.
   *
   * @param attestationIds of those that have ended already, it is told at once; at most `maxAskedAttestations`
   * @param onOpen told when the server has begun to answer
   * @throws AuthorityError
   */
  events(attestationIds: readonly string[], onOpen: () => void, signal: AbortSignal): AsyncIterable<AuthorityEvent>
  /** @throws AuthorityError */
  reportGraceUses(uses: readonly GraceUse[], signal: AbortSignal): Promise<void>
}

/** What fits into the address of a request. */
export const maxAskedAttestations = 100

export interface AttestRequest {
  readonly selectors: readonly string[]
  /** `<boot id>/<pid>/<start time>`. */
  readonly instance: string
}

export interface VouchedIdentity {
  readonly attestationId: string
  readonly identityId: string
  /** Its name. */
  readonly identity: string
  readonly spiffeId: string
  readonly hint: string
  readonly freshUntilMs: number
}

export interface X509Request {
  readonly attestationId: string
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
}

export interface X509Certificates {
  /** DER, leaf first. */
  readonly certificates: readonly Buffer[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export interface JwtRequest {
  readonly attestationId: string
  readonly audiences: readonly string[]
}

export interface JwtSvid {
  readonly spiffeId: string
  readonly token: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** A key of a trust domain, as in its bundle (RFC 7517, SPIFFE Trust Domain and Bundle section 4). */
export type BundleKey = Readonly<Record<string, unknown>>

export interface TrustBundle {
  /** Without `spiffe://`. */
  readonly trustDomain: string
  readonly keys: readonly BundleKey[]
  readonly sequence: number | undefined
  /** How often it should be read again. */
  readonly refreshHintSeconds: number | undefined
}

export type AuthorityEvent =
  | { readonly kind: 'attestation_ended'; readonly attestationId: string }
  | { readonly kind: 'bundle_changed' }
  /** A key that signed is not to be believed any more. */
  | { readonly kind: 'reissue' }

export interface GraceUse {
  readonly attestationId: string
  readonly servedFromMs: number
  readonly servedUntilMs: number
  readonly count: number
}

/**
 * - `unreachable`: no answer, or one that says "later". The only one that permits grace.
 * - `agent_refused`: the server does not believe the agent now.
 * - `agent_ended`: a token of the agent was refused before its time, and no new one was given: what it vouched for has ended.
 * - `answer_unusable`: an answer that is not one.
 */
export type AuthorityFailure = 'unreachable' | 'agent_refused' | 'agent_ended' | 'answer_unusable'

export class AuthorityError extends Error {
  override readonly name = 'AuthorityError'
  readonly failure: AuthorityFailure

  constructor(failure: AuthorityFailure, message: string, cause?: unknown) {
    super(message, { cause })
    this.failure = failure
  }
}
