/**
 * The `htu` of a DPoP proof: where it was made for, in one way of writing, so that two can be compared (RFC 9449
 * section 4.3, RFC 3986 sections 6.2.2 and 6.2.3).
 *
 * Lower case of scheme and host, no default port, no dot segments, percent-encoding only where it is needed. Query and
 * fragment do not count.
 *
 * @returns `undefined` for what is no http(s) address, or one that two readers could read differently
 */
export function normaliseHtu(htu: string): string | undefined {
  // The parser would leave out line breaks and take a backslash for a slash.
  if (htu.length > maxLength || !/^[\x21-\x5b\x5d-\x7e]+$/.test(htu) || !URL.canParse(htu)) return undefined
  const { protocol, username, password, origin, pathname } = new URL(htu)
  if ((protocol !== 'https:' && protocol !== 'http:') || username !== '' || password !== '') return undefined
  return `${origin}${pathname.replaceAll(/%[0-9a-fA-F]{2}/g, plainWhereUnreserved)}`
}

const maxLength = 2000

function plainWhereUnreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase()
}
