/**
 * What a token is bound to beside possession: a key (DPoP, RFC 9449) or a TLS client certificate (RFC 8705).
 *
 * Promise: a bound token is worth nothing to whoever holds the token alone, and is refused where it is presented as a bearer
 * token; a token that is not bound is refused where it is presented as if it were.
 */
import { timingSafeEqual } from 'node:crypto'

export type TokenBinding =
  /** Thumbprint (RFC 7638, SHA-256) of the key: `cnf.jkt`, RFC 9449 section 6.1. */
  | { readonly kind: 'key'; readonly jkt: string }
  /** SHA-256 over the DER of the certificate: `cnf["x5t#S256"]`, RFC 8705 section 3.1. */
  | { readonly kind: 'certificate'; readonly x5t: string }

/** A token as it was presented, with what its sender has proven to hold at this very request. */
export interface PresentedToken {
  readonly token: string
  readonly scheme: 'Bearer' | 'DPoP'
  /** Thumbprint of the key of a DPoP proof that was checked, `ath` included. */
  readonly jkt?: string | undefined
  /** SHA-256 over the certificate of the TLS connection, base64url. */
  readonly x5t?: string | undefined
}

const digest = /^[A-Za-z0-9_-]{43}$/

/** The `cnf` claim (RFC 7800). */
export function confirmationOf(binding: TokenBinding): { readonly jkt: string } | { readonly 'x5t#S256': string } {
  return binding.kind === 'key' ? { jkt: binding.jkt } : { 'x5t#S256': binding.x5t }
}

/** @returns `null` for something that is no confirmation that this server makes */
export function readConfirmation(cnf: unknown): TokenBinding | null {
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) return null
  const { jkt, 'x5t#S256': x5t } = cnf as Record<string, unknown>
  if (typeof jkt === 'string' && digest.test(jkt)) return { kind: 'key', jkt }
  return typeof x5t === 'string' && digest.test(x5t) ? { kind: 'certificate', x5t } : null
}

/** How a binding stands in its row: `jkt:…` or `x5t#S256:…`. */
export function bindingText(binding: TokenBinding): string {
  return binding.kind === 'key' ? `jkt:${binding.jkt}` : `x5t#S256:${binding.x5t}`
}

/** From its row. @throws Error for a text that no row holds */
export function readBindingText(text: string | null): TokenBinding | undefined {
  if (text === null) return undefined
  const [kind, value = ''] = text.split(':')
  if (kind === 'jkt') return { kind: 'key', jkt: value }
  if (kind === 'x5t#S256') return { kind: 'certificate', x5t: value }
  throw new Error('a token binding of a row is neither of a key nor of a certificate')
}

/** True where the sender holds what the token is bound to, and says so in the right scheme (RFC 9449 section 7.1). */
export function bindingHolds(binding: TokenBinding | undefined, presented: PresentedToken): boolean {
  if (binding?.kind === 'key') {
    return presented.scheme === 'DPoP' && presented.jkt !== undefined && same(presented.jkt, binding.jkt)
  }
  if (presented.scheme !== 'Bearer') return false
  return binding === undefined || (presented.x5t !== undefined && same(presented.x5t, binding.x5t))
}

function same(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
