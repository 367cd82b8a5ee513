/**
 * What is known of one platform's tokens: where they come from, how they look, and which bindings are too wide.
 *
 * A preset only fills what was left out and refuses what is dangerous. It loosens nothing.
 */
import { type ClaimValue, refuse } from '../../exact-claims.ts'
import type { JwsAlgorithm } from '../../verify-jws.ts'

export interface Preset {
  readonly name: string
  /** For people: whose tokens these are. */
  readonly title: string
  /** Where there is one issuer for everybody; else the installation has its own. */
  readonly issuer?: string
  /** What is wrong with an issuer, and the fix; undefined where nothing is. */
  issuerFault?(issuer: string): string | undefined
  readonly audienceFault?: (audience: string) => string | undefined
  readonly algorithms: readonly JwsAlgorithm[]
  readonly maxAgeSeconds: number
  /** Claims (names or JSON pointers) that tell running instances apart. */
  readonly instanceClaims: readonly string[]
  /** Claims that policies may speak of. */
  readonly policyClaims: readonly string[]
  /** @throws MayflyError `request_invalid`: the binding fits more than one workload of this platform */
  judgeBinding(binding: BindingText): void
}

export interface BindingText {
  readonly subject: string
  readonly claims: Readonly<Record<string, ClaimValue>>
}

/** Every refusal of a binding that is too wide cites what it would be. */
export function tooWide(pointer: string, detail: string, fix: string): Error {
  return refuse(pointer, `${detail} (OWASP NHI6:2025, insecure cloud deployment configuration)`, fix)
}

/** @throws MayflyError `request_invalid` where none of the claims is there */
export function requireOneOf(binding: BindingText, names: readonly string[], detail: string, fix: string): void {
  if (names.every((name) => binding.claims[name] === undefined)) throw tooWide('/claims', detail, fix)
}

/** A text as the platform writes it has no characters that other systems read as a pattern. */
export function refusePatterns({ subject, claims }: BindingText): void {
  for (const [pointer, text] of [['/subject', subject], ...Object.entries(claims)] as const) {
    if (typeof text !== 'string' || !/[?^$|\\]/.test(text)) continue
    throw tooWide(
      pointer.startsWith('/') ? pointer : `/claims/${pointer}`,
      `\`${text}\` looks like a pattern, and values are compared exactly`,
      'write the value that the token will have, one binding for each',
    )
  }
}
