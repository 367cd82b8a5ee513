/**
 * The bundle of a trust domain as an offline bundle carries it, with the CRLs beside it.
 *
 * Promise: only the bundle of that very trust domain; where the site carries CRLs, one of the leaf's own issuer must be
 * among them (`carried-crls.ts`).
 */
import { isYoungEnough } from '@mayfly/domain'
import { openBundle } from '../../spiffe/read-bundle.ts'
import { judgeByCarriedCrl } from '../carried-crls.ts'
import { materialUnavailable } from '../offline-material.ts'
import type { OfflineMaterial } from '../trust-provider.ts'
import type { BundleSource } from './bundle-source.ts'

export interface CarriedBundleSource extends BundleSource {
  /** As of when is known what was asked of it so far. */
  readonly usedMadeAt: () => readonly Date[]
}

/** @throws MayflyError `trust_bundle_unavailable`: there is none of this trust domain, or it is too old */
export function carriedBundleSource(material: OfflineMaterial, trustDomain: string, now: Date): CarriedBundleSource {
  const { bundle, maxAgeSeconds } = material
  const { crls, trust_bundles: bundles } = bundle.sections
  const carried = bundles?.items.find((item) => item.trustDomain === trustDomain)
  if (carried === undefined) {
    throw materialUnavailable(`the offline bundle of ${bundle.origin} carries no bundle of ${trustDomain}`)
  }
  const used = [carried.madeAt]
  requireYoung(`the bundle of ${trustDomain}`, carried.madeAt)

  function requireYoung(what: string, madeAt: Date): void {
    if (isYoungEnough(madeAt, maxAgeSeconds, now)) return
    throw materialUnavailable(`${what} is as of ${madeAt.toISOString()}, at most ${maxAgeSeconds} s are allowed`)
  }

  return {
    usedMadeAt: () => used,
    bundle: async () => openBundle(carried.bundle['keys'] as readonly Readonly<Record<string, unknown>>[]),
    async isRevoked({ path = [] }) {
      const [certificate, issuer] = path
      if (certificate === undefined || crls === undefined) return false
      requireYoung('the list of revoked certificates', crls.madeAt)
      used.push(crls.madeAt)
      if (issuer === undefined) throw materialUnavailable('a certificate without an issuer has no list')
      return judgeByCarriedCrl(material, crls, certificate, issuer).isRevoked
    },
  }
}
