/**
 * The offline bundle (docs/formats/offline-bundle.md): what one site must know to check another's proofs, as one signed
 * file that travels without a network.
 *
 * Promise: what is in here was signed by the site that it names; who may sign for that site is known beforehand, never
 * learnt from the file alone.
 * Limit: a file is as true as the moment at which it was made. What was revoked afterwards it cannot say, so whoever
 * uses it bounds its age.
 */
import type { JsonObject } from '../log/canonical-json.ts'

export const offlineBundleFormat = 'mayfly-offline-bundle/v1'

/** The whole file. */
export const maxBundleSizeBytes = 8_000_000
export const maxBundleKeys = 20
export const maxCarriedCrls = 200
/** One list, DER: about 30,000 revoked certificates. */
export const maxCarriedCrlSizeBytes = 1_500_000

/** What every section says of itself. */
export interface OfflineSection {
  /** As of when its contents are true; never after the bundle itself was made. */
  readonly madeAt: Date
  /** When something newer can be expected. How old it may be is the reader's to say. */
  readonly nextUpdate: Date
}

/** The key sets of issuers (RFC 7517), the bundle's own origin among them. */
export interface JwksSection extends OfflineSection {
  readonly items: readonly { readonly issuer: string; readonly keys: readonly JsonObject[] }[]
}

/** SPIFFE bundles, as in SPIFFE Trust Domain and Bundle section 4. */
export interface TrustBundlesSection extends OfflineSection {
  readonly items: readonly {
    readonly trustDomain: string
    readonly bundle: JsonObject
    /** As of when this one is known: that of another domain was asked for earlier than the section was made. */
    readonly madeAt: Date
  }[]
}

/** Status lists as their issuer signed them (`statuslist+jwt`), by their address. */
export interface StatusListsSection extends OfflineSection {
  readonly items: readonly { readonly uri: string; readonly token: string }[]
}

/** Certificate revocation lists (RFC 5280 section 5), DER. */
export interface CrlsSection extends OfflineSection {
  readonly items: readonly { readonly crl: Uint8Array }[]
}

/** The latest checkpoint of the site's audit log, and the keys that it can be opened with. */
export interface CheckpointSection extends OfflineSection {
  readonly note: string
  /** C2SP verifier keys. */
  readonly keys: readonly string[]
}

export interface OfflineSections {
  readonly jwks?: JwksSection
  readonly trust_bundles?: TrustBundlesSection
  readonly status_lists?: StatusListsSection
  readonly crls?: CrlsSection
  readonly checkpoint?: CheckpointSection
}
export type OfflineSectionName = keyof OfflineSections

export interface OfflineBundle {
  /** The issuer URL of the site, which is also the name of its keys. */
  readonly origin: string
  readonly trustDomain: string
  /** Grows from bundle to bundle of one origin. */
  readonly sequence: number
  readonly madeAt: Date
  /** The verifier keys that speak for the origin from now on. */
  readonly keys: readonly string[]
  readonly sections: OfflineSections
  /** Everything that was signed, with sections that this version does not know. */
  readonly body: JsonObject
  /** SHA-256 of the body's bytes, base64. */
  readonly digest: string
}
