/**
 * The order in which the places of a status list are given out: a keyed permutation, so that an index tells nothing of when
 * a token was issued nor of how many there are (Token Status List, privacy considerations).
 *
 * A Feistel network over the next even number of bits; what falls outside of the list walks on until it is
 * inside (cycle walking). It is a curtain, not a cipher: the rounds mix as fast hashes do.
 */
const rounds = 6

/** @param seed 32 bytes @param ordinal 0 to size - 1 @returns an index in the same range; different ordinals give different indexes */
export function permuteIndex(seed: Uint8Array, size: number, ordinal: number): number {
  if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= size)
    throw new RangeError(`no place ${ordinal} of ${size}`)
  const halfBits = Math.max(1, Math.ceil(Math.log2(size) / 2))
  const mask = 2 ** halfBits - 1
  let index = ordinal
  do {
    let left = index >>> halfBits
    let right = index & mask
    for (let round = 0; round < rounds; round += 1) {
      const mixed = mix(right ^ roundKey(seed, round)) & mask
      ;[left, right] = [right, left ^ mixed]
    }
    index = left * (mask + 1) + right
  } while (index >= size)
  return index
}

function roundKey(seed: Uint8Array, round: number): number {
  return new DataView(seed.buffer, seed.byteOffset, seed.byteLength).getUint32(4 * round)
}

/** Each bit in changes about half of the bits out (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
