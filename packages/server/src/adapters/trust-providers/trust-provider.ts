/**
 * What a trust provider is: the plug-in that believes one kind of proof, or says why not.
 *
 * One folder each, and one line in `trust-providers.ts` (docs/guides/add-a-trust-provider.md). A plug-in judges the proof
 * alone. Whose proof it is, whether that identity may act, and that a proof is used once are judged by the caller, for
 * all kinds alike.
 */
import type {
  Clock,
  IdentityId,
  JsonObject,
  OfflineBundle,
  Strength,
  TenantId,
  TrustProviderKind,
} from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import type { JsonWebKey } from 'node:crypto'
import type { z } from 'zod'
import type { PublicKey } from '../keys/jwk.ts'
import type { Jwt } from './jwt.ts'
import type { BundleDirectory } from './spiffe/bundle-source.ts'

export const rejectionReasons = [
  'proof_malformed',
  'issuer_unknown',
  'type_not_allowed',
  'algorithm_not_allowed',
  'key_unknown',
  'signature_invalid',
  'audience_wrong',
  'claim_missing',
  'claim_wrong',
  'proof_expired',
  'proof_not_yet_valid',
  'proof_too_old',
  'proof_too_long_lived',
  'proof_replayed',
  'binding_missing',
  'binding_ambiguous',
  'client_mismatch',
  'form_not_allowed',
  'certificate_invalid',
  'challenge_wrong',
  'clone_detected',
  'agent_not_allowed',
  'proof_revoked',
  'chain_too_long',
] as const
export type RejectionReason = (typeof rejectionReasons)[number]

/** A rejection is an answer, not an error. */
export interface Rejection {
  readonly outcome: 'rejected'
  readonly reason: RejectionReason
  /** For the caller: lower case, no full stop, names the claim at fault. */
  readonly detail: string
  readonly hint?: string
}

/**
 * How a proof comes. `jwt`: signed by a platform or by the client itself. `certificate`: of a TLS client, whose handshake has
 * proven that it holds the key. `process`: seen by a host agent, which vouches for it with its own proof.
 */
export const proofForms = ['jwt', 'certificate', 'process'] as const
export type ProofForm = (typeof proofForms)[number]

export type ReadProof =
  | {
      readonly form: 'jwt'
      readonly jwt: Jwt
      /** As it came, for whoever has to show it to the platform. */ readonly token: Secret
    }
  | {
      readonly form: 'certificate'
      /** DER, the leaf first, as the client sent them. */ readonly chain: readonly Uint8Array[]
    }
  | {
      readonly form: 'process'
      readonly agent: {
        readonly identityId: IdentityId
        readonly name: string
        readonly freshUntil: Date
        readonly strength: Strength
      }
      /** `type:value`, e.g. `unix:uid:1000`. */
      readonly selectors: readonly string[]
      readonly instance: string
    }

export interface AcceptedProof {
  readonly outcome: 'accepted'
  /** What the proof says of itself: a binding's `subject` must be exactly one of these. A JWT has one, a certificate may have several. */
  readonly subjects: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  /** Tells instances of one identity apart; empty where nothing does. */
  readonly instance: string
  /** What makes this proof this one: it is accepted once. */
  readonly uniqueId: string
  /** Until then the proof could be presented again, so until then it is remembered. */
  readonly expiresAt: Date
  /** Fit to be kept: what says who, how and where from, no more. */
  readonly recorded: JsonObject
  /** Claims that policies may speak of (`context.attestation.proof.getTag("ref")`); kept. At most 30, of at most 500 characters. */
  readonly policyClaims: Readonly<Record<string, string>>
  /** Where the proof itself ends sooner than its trust provider's freshness, e.g. with a certificate. */
  readonly freshUntil?: Date
  /** Where this one proof is worth less than its trust provider says, e.g. no more than that of the agent that vouches. */
  readonly maxStrength?: Strength
  /** Where the key counts its logins: what it said of this one. */
  readonly login?: KeyLoginClaim
  /** As of when the keys and lists are that it was judged with, where they were carried here; absent: asked for just now. */
  readonly trustMadeAt?: Date
  /** Of a person who signed in: the access token lives as long as the proof counts, since nobody proves every five minutes. */
  readonly session?: true
}

/** How a key that logs in by challenge shows that it is the one that logged in last. */
export interface KeyLoginClaim {
  /** What `POST /oauth/challenge` gave; checked by the caller, for whom it was made. */
  readonly challenge: string
  /** The counter that the last login answered; 0 for the first. */
  readonly generation: number
  /** SHA-256, base64url, of what the login before promised to reveal; absent for the first. */
  readonly revealedDigest: string | undefined
  /** The same for the next login. */
  readonly nextDigest: string
  /** For how long an answer that was lost may be asked for again. */
  readonly repeatWindowSeconds: number
}

/**
 * What it takes to go on when an attestation ends. `new_proof`: another proof of the same binding and instance, made
 * anew; nothing issued under it lives longer than that proof is fresh.
 */
export const renewals = ['new_proof'] as const
export type Renewal = (typeof renewals)[number]

export type ProofVerdict = AcceptedProof | Rejection

/** What a binding of this kind says; made by `parseBinding` from what a person wrote. */
export interface BindingRule {
  readonly subject: string
  readonly claims: Readonly<Record<string, string | number | boolean>>
  readonly publicJwk: JsonWebKey | null
}

export interface BindingInput {
  readonly subject?: string | undefined
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly public_jwk?: unknown
}

export interface ProofExpectations {
  readonly now: Date
  /** What a proof made for us alone must name as its audience: our issuer, then our token endpoint. */
  readonly ownAudiences: readonly string[]
  /** For kinds whose keys stand in bindings: those of the one who claims to be proving. */
  readonly boundKeys: readonly PublicKey[]
  /** True where the proof is, by its number and name, an SVID that this server made and that has not ended. */
  readonly isOwnLiveSvid: boolean
}

/** Opened once for a version of a trust provider's row; holds caches of public keys, no truth. */
export interface OpenTrustProvider {
  /** @throws MayflyError `trust_bundle_unavailable`: no usable key set; trying again later can help */
  verify(proof: ReadProof, expected: ProofExpectations): ProofVerdict | Promise<ProofVerdict>
  /** Lists of revoked certificates that our own offline bundles take along, DER, where its settings say so. May fetch. */
  listsToCarry?(): Promise<readonly Uint8Array[]>
}

/** How this server asks a cluster about tokens: from its configuration, never from a row. */
export interface ClusterReviewer {
  /** The one address that the server's own token is sent to. */
  readonly apiUrl: string
  /** Read anew each time: the cluster replaces both. */
  read(): Promise<{ readonly token: Secret; readonly caPem: string | undefined }>
}

export interface TrustProviderDeps {
  readonly clock: Clock
  readonly tenantId: TenantId
  readonly clusterReviewer: ClusterReviewer | undefined
  /** Bundles of trust domains that this server keeps itself. */
  readonly bundles: BundleDirectory | undefined
  /** What the last offline bundle of a registered site brought; `undefined`: no such site, or nothing imported yet. */
  offlineMaterial(site: string): Promise<OfflineMaterial | undefined>
}

/** An offline bundle that was checked when it was imported and again when it was read, and how old it may be. */
export interface OfflineMaterial {
  readonly bundle: OfflineBundle
  readonly maxAgeSeconds: number
}

export interface TrustProvider<Settings> {
  readonly kind: TrustProviderKind
  readonly title: string
  /** Another form than these is refused before it is looked at. */
  readonly forms: readonly ProofForm[]
  /** A closed object (`z.strictObject`), as stored in the row. */
  readonly settings: z.ZodType<Settings>
  /** The strongest that a proof of this kind can be worth. */
  readonly maxStrength: Strength
  /** What it is worth where nobody says more; absent: `maxStrength`. */
  readonly defaultStrength?: Strength
  readonly renewal: Renewal
  /** True where one proof may rightly be several identities'; else bindings that could both fit are refused. */
  readonly severalHolders?: true
  /**
   * For kinds with an issuer: how a proof finds its trust provider. `iss` of a token; `spiffe://<trust domain>` for kind
   * `spiffe`. Certificates and processes find those without an issuer by their kind.
   */
  issuerOf(settings: Settings): string | null
  /** The longest that a proof of this kind may count, where that is less than 31 days. */
  readonly maxFreshForSeconds?: number
  /** Settings that can never change: bindings rest on them. */
  readonly fixedSettings?: readonly string[]
  /** @throws MayflyError `request_invalid` naming the field and the fix */
  parseBinding(input: BindingInput, settings: Settings): BindingRule
  open(settings: Settings, deps: TrustProviderDeps): OpenTrustProvider
}

export function rejected(reason: RejectionReason, detail: string, hint?: string): Rejection {
  return { outcome: 'rejected', reason, detail, ...(hint === undefined ? {} : { hint }) }
}

/** For a plug-in of one form: the proof in that form. A form that is not among its `forms` never reaches it. */
export function proofIn<F extends ProofForm>(form: F, proof: ReadProof): Extract<ReadProof, { form: F }> {
  if (proof.form !== form) throw new Error(`a proof of form ${proof.form} came where ${form} is believed`)
  return proof as Extract<ReadProof, { form: F }>
}
