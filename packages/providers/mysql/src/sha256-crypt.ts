import { hash } from 'node:crypto'

/**
 * SHA-256 crypt (U. Drepper, "Unix crypt using SHA-256 and SHA-512"), the digest alone: 43 characters.
 *
 * @param salt used whole; the original stops at 16 characters, MySQL goes to 20
 */
export function sha256Crypt(password: string, salt: string, rounds: number): string {
  const key = Buffer.from(password)
  const grain = Buffer.from(salt)
  const digest = (...parts: Buffer[]) => hash('sha256', Buffer.concat(parts), 'buffer')

  const alternate = digest(key, grain, key)
  const parts = [key, grain, repeated(alternate, key.length)]
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : key)
  let result = digest(...parts)

  const keyBytes = repeated(digest(...Array.from({ length: key.length }, () => key)), key.length)
  const saltBytes = repeated(digest(...Array.from({ length: 16 + (result[0] ?? 0) }, () => grain)), grain.length)
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1
    const mixed: Buffer[] = [odd ? keyBytes : result]
    if (round % 3 !== 0) mixed.push(saltBytes)
    if (round % 7 !== 0) mixed.push(keyBytes)
    mixed.push(odd ? result : keyBytes)
    result = digest(...mixed)
  }
  return encode(result)
}

function repeated(block: Buffer, length: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(length / 32) }, () => block)).subarray(0, length)
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Three bytes to four characters, in the order that the original fixes. */
function encode(digest: Buffer): string {
  const at = (index: number) => digest[index] ?? 0
  const four = (high: number, middle: number, low: number, count: number) => {
    let value = (high << 16) | (middle << 8) | low
    let text = ''
    for (let left = count; left > 0; left -= 1) {
      text += alphabet[value & 63]
      value >>= 6
    }
    return text
  }
  let text = ''
  for (let [a, b, c, done] = [0, 10, 20, 0]; done < 10; [a, b, c, done] = [c + 1, a + 1, b + 1, done + 1]) {
    text += four(at(a), at(b), at(c), 4)
  }
  return text + four(0, at(31), at(30), 3)
}
