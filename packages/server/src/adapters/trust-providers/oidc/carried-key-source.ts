/** The keys of an issuer as an offline bundle carries them. */
import { MayflyError } from '@mayfly/domain'
import type { OfflineMaterial } from '../trust-provider.ts'
import { keysFor, usableKeys } from './key-set.ts'
import type { KeySource } from './key-source.ts'

/** @throws MayflyError `trust_bundle_unavailable`: the bundle has no keys of this issuer */
export function carriedKeySource({ bundle }: OfflineMaterial, issuer: string): KeySource {
  const set = bundle.sections.jwks?.items.find((item) => item.issuer === issuer)
  if (set === undefined) {
    throw new MayflyError('trust_bundle_unavailable', {
      log: `the offline bundle of ${bundle.origin} carries no keys of ${issuer}`,
      hint: 'export a bundle that carries the keys of this issuer, and import it',
    })
  }
  const keys = usableKeys(set.keys)
  return { keysFor: async (kid, alg) => keysFor(keys, kid, alg) }
}
