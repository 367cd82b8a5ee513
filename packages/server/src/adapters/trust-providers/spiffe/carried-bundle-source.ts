/**
 * The bundle of a trust domain as an offline bundle carries it, with the CRLs beside it.
 *
 * Promise: only the bundle of that very trust domain; where the site carries CRLs, one of the leaf's own issuer must be
 * among them. A CRL is judged as of when it was carried: how old that may be is the limit of the site, in place of its
 * own next update, which is meant for those who can fetch another.
 */
import { type Certificate, type Crl, isX509Fault, isYoungEnough, type OfflineBundle, parseCrl } from '@mayfly/domain'
import { openBundle } from '../../spiffe/read-bundle.ts'
import { checkCrl } from '../../x509/check-crl.ts'
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
      for (const crl of carriedCrlsOf(bundle)) {
        const status = checkCrl({ certificate, issuer, crl, at: crls.madeAt, maxAgeSeconds })
        if (status.status === 'good') return false
        if (status.status === 'revoked') return true
      }
      throw materialUnavailable(
        `the offline bundle of ${bundle.origin} carries no usable CRL of the certificate's issuer`,
      )
    },
  }
}

const parsed = new WeakMap<OfflineBundle, readonly Crl[]>()

/** The CRLs of a bundle that can be read; read once. */
export function carriedCrlsOf(bundle: OfflineBundle): readonly Crl[] {
  const known = parsed.get(bundle)
  if (known !== undefined) return known
  const crls = (bundle.sections.crls?.items ?? []).flatMap(({ crl }) => {
    const read = parseCrl(crl)
    return isX509Fault(read) ? [] : [read]
  })
  parsed.set(bundle, crls)
  return crls
}

/** Whether a list of the bundle names this serial number, hexadecimal. They are random, so it needs no issuer. */
export function isSerialRevoked(bundle: OfflineBundle, serialNumber: Certificate['serialNumber']): boolean {
  return carriedCrlsOf(bundle).some((crl) => crl.revoked.has(serialNumber))
}
