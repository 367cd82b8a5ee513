import type { Certificate } from '@mayfly/domain'
import { judgeByCarriedCrl } from '../carried-crls.ts'
import { getOfflineMaterial, requireYoung } from '../offline-material.ts'
import { type Rejection, rejected, type TrustProviderDeps } from '../trust-provider.ts'
import type { CheckedPath } from './crl-source.ts'

/**
 * Asks the lists that an offline bundle carries about each certificate below the anchor.
 *
 * A list of another authority may have been made long before it was carried: what was revoked since its own time is not
 * known, so that time counts as its age, and the limit of the site holds for it too.
 *
 * @param path the leaf first, the anchor last
 * @throws MayflyError `trust_bundle_unavailable`: nothing was imported, an issuer has no list, or a list is too old
 */
export async function checkCarriedPath(
  deps: Pick<TrustProviderDeps, 'offlineMaterial'>,
  site: string,
  path: readonly Certificate[],
  now: Date,
): Promise<CheckedPath | Rejection> {
  const material = await getOfflineMaterial(deps, site, 'crls', now)
  const { crls } = material.bundle.sections
  if (crls === undefined) throw new Error('material without the section that was asked for')
  const { maxAgeSeconds } = material
  const madeAt = [crls.madeAt]
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined) return rejected('certificate_invalid', 'the path has no end')
    const { isRevoked, crl } = judgeByCarriedCrl(material, crls, certificate, issuer)
    if (isRevoked) {
      return rejected('proof_revoked', 'the certificate has been revoked', 'have another one issued')
    }
    requireYoung(site, `the list of ${issuer.subject.text}`, crl.thisUpdate, maxAgeSeconds, now)
    madeAt.push(crl.thisUpdate)
  }
  return { carried: { madeAt, maxAgeSeconds } }
}
