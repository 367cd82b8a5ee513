// `ignoreBOM` keeps a byte order mark in the text, rather than dropping it silently.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Nothing where the bytes are not UTF-8. */
export function decodeUtf8Strictly(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
