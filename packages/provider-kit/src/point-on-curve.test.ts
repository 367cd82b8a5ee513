import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { isPointOnCurve, isX509Fault, parsePublicKey } from '@mayfly/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSoundKey } from './verify-signature.ts'

const curves = ['P-256', 'P-384', 'P-521'] as const
const keysOn = (curve: (typeof curves)[number]) =>
  Array.from({ length: 20 }, () =>
    generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ format: 'der', type: 'spki' }),
  )
const made = { 'P-256': keysOn('P-256'), 'P-384': keysOn('P-384'), 'P-521': keysOn('P-521') }

function parsed(spki: Uint8Array) {
  const key = parsePublicKey(spki)
  if (isX509Fault(key)) throw new Error(key.fault)
  return key
}

/** What OpenSSL makes of it. */
function isImported(spki: Uint8Array): boolean {
  try {
    createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return true
  } catch {
    return false
  }
}

test.each(curves)('points of %s are on their curve; with any bit turned they are not, as OpenSSL says', (curve) => {
  for (const spki of made[curve]) expect([isPointOnCurve(parsed(spki)), isImported(spki)]).toEqual([true, true])
  fc.assert(
    fc.property(fc.nat(19), fc.nat(), (which, bit) => {
      const spki = Buffer.from(made[curve][which] ?? Buffer.alloc(0))
      const { keyBytes } = parsed(spki)
      const at = spki.length - keyBytes.length + 1 + ((bit >>> 3) % (keyBytes.length - 1))
      spki[at] = (spki[at] ?? 0) ^ (1 << (bit & 7))
      expect(isPointOnCurve(parsed(spki))).toBe(isImported(spki))
    }),
    { numRuns: 200 },
  )
})

test.each(curves)('numbers beyond the field of %s, and points that are none, are refused', (curve) => {
  const [spki = Buffer.alloc(0)] = made[curve]
  const pointBytes = parsed(spki).keyBytes.length - 1
  const withPoint = (point: Buffer) => Buffer.concat([spki.subarray(0, -pointBytes), point])
  for (const point of [Buffer.alloc(pointBytes), Buffer.alloc(pointBytes, 0xff), Buffer.alloc(pointBytes, 1)]) {
    const other = withPoint(point)
    expect([isPointOnCurve(parsed(other)), isSoundKey(parsed(other)), isImported(other)]).toEqual([false, false, false])
  }
  // The same point, with x and y in the place of each other.
  const half = pointBytes / 2
  const point = spki.subarray(-pointBytes)
  const turned = withPoint(Buffer.concat([point.subarray(half), point.subarray(0, half)]))
  expect(isPointOnCurve(parsed(turned))).toBe(isImported(turned))
})

test('of other keys nothing is said, and whether they are sound the import says', () => {
  const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' })
  expect(isPointOnCurve(parsed(ed25519))).toBeUndefined()
  expect(isSoundKey(parsed(ed25519))).toBe(true)
})
