/**
 * Writing nested DER from its end to its start: a length is known once its content is there, so nothing is copied from
 * level to level. For what is written thousands of times a second; elsewhere `derElement` reads better.
 */
export interface DerWriter {
  /** How many bytes are there: a mark for `wrap`. */
  size(): number
  /** Puts bytes before what is there. */
  put(bytes: Uint8Array): void
  /** Puts a tag and a length before what was put since `mark`. */
  wrap(tag: number, mark: number): void
  /** A copy of what is there, and the writer is empty again. */
  take(): Uint8Array
}

export function derWriter(): DerWriter {
  let buffer = new Uint8Array(2_048)
  let start = buffer.length

  const makeRoom = (size: number): void => {
    if (start >= size) return
    const larger = new Uint8Array(2 * (buffer.length + size))
    larger.set(buffer.subarray(start), larger.length - (buffer.length - start))
    start += larger.length - buffer.length
    buffer = larger
  }
  return {
    size: () => buffer.length - start,
    put(bytes) {
      makeRoom(bytes.length)
      start -= bytes.length
      // Calling out to copy a few bytes costs more than copying them.
      if (bytes.length > 64) buffer.set(bytes, start)
      else for (let at = 0; at < bytes.length; at += 1) buffer[start + at] = bytes[at] ?? 0
    },
    wrap(tag, mark) {
      makeRoom(6)
      const length = buffer.length - start - mark
      let lengthBytes = 0
      let rest = length < 0x80 ? 0 : length
      while (rest > 0) {
        start -= 1
        buffer[start] = rest & 0xff
        rest = Math.floor(rest / 256)
        lengthBytes += 1
      }
      start -= 2
      buffer[start] = tag
      buffer[start + 1] = lengthBytes === 0 ? length : 0x80 | lengthBytes
    },
    take() {
      const bytes = buffer.slice(start)
      start = buffer.length
      return bytes
    },
  }
}
