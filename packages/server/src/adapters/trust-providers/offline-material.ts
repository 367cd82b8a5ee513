/**
 * Judging a proof with what an offline bundle brought: how old it may be, and whether it lists the proof as revoked.
 *
 * Promise: material older than the limit of its site judges nothing, and neither does a proof accepted with it outlive
 * that limit. A proof that names a status list is refused where the bundle does not carry it.
 */
import { inflateSync } from 'node:zlib'
import {
  earliest,
  type Inflate,
  isYoungEnough,
  MayflyError,
  type OfflineSectionName,
  readStatusList,
  statusReferenceOf,
} from '@mayfly/domain'
import {
  type AcceptedProof,
  type OfflineMaterial,
  type ProofVerdict,
  rejected,
  type TrustProviderDeps,
} from './trust-provider.ts'

export const inflate: Inflate = (compressed, maxSizeBytes) => inflateSync(compressed, { maxOutputLength: maxSizeBytes })

/** @throws MayflyError `trust_bundle_unavailable`: nothing was imported, it lacks the section, or it is too old */
export async function getOfflineMaterial(
  deps: Pick<TrustProviderDeps, 'offlineMaterial'>,
  site: string,
  section: OfflineSectionName,
  now: Date,
): Promise<OfflineMaterial> {
  const material = await deps.offlineMaterial(site)
  if (material === undefined) {
    throw materialUnavailable(
      `nothing was imported of the offline site ${site}, or there is none of this name`,
      'register the offline site that the trust provider names, and import its bundle',
    )
  }
  const carried = material.bundle.sections[section]
  if (carried === undefined) throw materialUnavailable(`the offline bundle of ${site} has no ${section}`)
  requireYoung(site, section, carried.madeAt, material.maxAgeSeconds, now)
  return material
}

/** For a proof that verified with carried keys: its status, and until when all that counts. */
export function judgeCarriedStatus(material: OfflineMaterial, accepted: AcceptedProof, now: Date): ProofVerdict {
  const { bundle, maxAgeSeconds } = material
  const times = [bundle.sections.jwks?.madeAt ?? bundle.madeAt]
  const reference = statusReferenceOf(accepted.claims)
  if (reference === 'malformed') return rejected('claim_wrong', '`status` is no reference to a status list')
  if (reference !== undefined) {
    const lists = bundle.sections.status_lists
    const carried = lists?.items.find(({ uri }) => uri === reference.uri)
    if (lists === undefined || carried === undefined) {
      throw materialUnavailable(
        `the offline bundle of ${bundle.origin} does not carry the status list ${reference.uri}`,
      )
    }
    requireYoung(bundle.origin, 'status_lists', lists.madeAt, maxAgeSeconds, now)
    const list = readStatusList(inflate, carried.uri, carried.token)
    const status = list.statusAt(reference.index)
    if (status !== 0) {
      return rejected(
        'proof_revoked',
        `the status list of the issuer says that it is ${status === 2 ? 'suspended' : status === 1 ? 'revoked' : 'not valid'}`,
        'prove with a new token',
      )
    }
    times.push(lists.madeAt)
  }
  const bounded = boundByAge(accepted, times, maxAgeSeconds)
  if (reference === undefined) return bounded
  // Where its status stands is kept: a later bundle may say that it is revoked.
  const { uri, index } = reference
  return { ...bounded, recorded: { ...bounded.recorded, status: { uri, index } } }
}

/** A proof is as old as the oldest of what it was judged with, and ends with that. */
export function boundByAge(accepted: AcceptedProof, madeAt: readonly Date[], maxAgeSeconds: number): AcceptedProof {
  const trustMadeAt = new Date(Math.min(...madeAt.map((time) => time.getTime())))
  const materialEnds = new Date(trustMadeAt.getTime() + maxAgeSeconds * 1000)
  const { freshUntil = materialEnds } = accepted
  return { ...accepted, trustMadeAt, freshUntil: earliest(freshUntil, materialEnds) }
}

/** @throws MayflyError `trust_bundle_unavailable` */
export function requireYoung(site: string, what: string, madeAt: Date, maxAgeSeconds: number, now: Date): void {
  if (isYoungEnough(madeAt, maxAgeSeconds, now)) return
  throw materialUnavailable(
    `of the offline site ${site} ${what} is as of ${madeAt.toISOString()}, at most ${maxAgeSeconds} s are allowed`,
  )
}

export function materialUnavailable(log: string, hint = 'import a newer offline bundle of the site'): MayflyError {
  return new MayflyError('trust_bundle_unavailable', { log, hint })
}
