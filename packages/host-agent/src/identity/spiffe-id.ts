/** SPIFFE IDs, as they stand in tokens and requests (SPIFFE-ID section 2). */
import { isTrustDomain } from '@mayfly/domain'

export interface SpiffeId {
  readonly trustDomain: string
  /** With its leading slash; empty for a trust domain. */
  readonly path: string
}

const maxBytes = 2_048

/** @returns undefined where it is none: upper case, a port, a query, an empty or dotted segment, … */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > maxBytes || !text.startsWith('spiffe://')) return undefined
  const [trustDomain = '', ...segments] = text.slice('spiffe://'.length).split('/')
  if (!isTrustDomain(trustDomain)) return undefined
  const isGood = (segment: string) => /^[A-Za-z0-9._-]+$/.test(segment) && segment !== '.' && segment !== '..'
  if (!segments.every(isGood)) return undefined
  return { trustDomain, path: segments.map((segment) => `/${segment}`).join('') }
}
