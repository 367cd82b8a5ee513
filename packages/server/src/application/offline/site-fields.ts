/** What may be said of a site that is believed without a network. */
import { MayflyError, parseVerifierKey, type VerifierKey } from '@mayfly/domain'
import { sha256 } from '../audit/sha256.ts'
import type { Faults } from '../registry/faults.ts'

export const shownSiteFields = [
  'name',
  'origin',
  'keys',
  'pinned_keys',
  'max_age_seconds',
  'state',
  'sequence',
  'digest',
  'made_at',
]

export const defaultMaxAgeSeconds = 7 * 86_400
const maxMaxAgeSeconds = 366 * 86_400

/** A key speaks for the origin in its own name only, so that one site's key never vouches for another. */
export function judgeKeys(faults: Faults, origin: string, keys: readonly string[]): void {
  if (keys.length < 1 || keys.length > 20) faults.add('/keys', 'must be a list of 1 to 20 verifier keys')
  if (new Set(keys).size !== keys.length) faults.add('/keys', 'names a key twice')
  keys.forEach((vkey, index) => {
    const key = findVerifierKey(vkey)
    if (key === undefined) {
      faults.add(`/keys/${index}`, 'is no Ed25519 verifier key; `mayfly bundle key` at the other site prints it')
    } else if (key.name !== origin) {
      faults.add(`/keys/${index}`, `is the key of \`${key.name}\`, not of the origin \`${origin}\``)
    }
  })
}

export function judgeOrigin(faults: Faults, origin: string): void {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || !['https:', 'http:'].includes(url.protocol) || /[\s+#?]/.test(origin)) {
    faults.add('/origin', 'must be the issuer URL of the other site, as `mayfly bundle key` prints it there')
  }
}

export function judgeMaxAge(faults: Faults, maxAgeSeconds: number | undefined): void {
  if (maxAgeSeconds === undefined) return
  if (!Number.isInteger(maxAgeSeconds) || maxAgeSeconds < 60 || maxAgeSeconds > maxMaxAgeSeconds) {
    faults.add('/max_age_seconds', `must be a whole number from 60 to ${maxMaxAgeSeconds} (366 days)`)
  }
}

/** @throws MayflyError `internal`: what is stored was checked when it was written */
export function siteKeys({ keys }: { readonly keys: readonly string[] }): readonly VerifierKey[] {
  return keys.map((vkey) => {
    const key = findVerifierKey(vkey)
    if (key === undefined) throw new MayflyError('internal', { log: 'an offline site has a key that cannot be read' })
    return key
  })
}

function findVerifierKey(vkey: string): VerifierKey | undefined {
  try {
    return parseVerifierKey(sha256, vkey)
  } catch (error) {
    if (error instanceof MayflyError) return undefined
    throw error
  }
}
