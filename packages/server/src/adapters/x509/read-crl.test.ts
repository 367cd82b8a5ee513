import { encodeCrl, isX509Fault } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { openCrlReader } from './read-crl.ts'
import { keyIdOf } from '@mayfly/provider-kit'
import { makeAuthority, testNow } from './testdata/make-certificate.ts'

const root = makeAuthority({ name: 'root' })

function crlOf(crlNumber: number, revoked: number): Uint8Array {
  return encodeCrl(
    { signer: root.key.signer, name: root.certificate.subject.der, keyId: keyIdOf(root.key.publicKey) },
    {
      crlNumber,
      thisUpdate: testNow,
      nextUpdate: new Date(testNow.getTime() + 60_000),
      revoked: Array.from({ length: revoked }, (_, at) => ({
        serialNumber: (at + 1).toString(16).padStart(8, '0'),
        revokedAt: testNow,
      })),
    },
  )
}

test('the same bytes are read once, whoever brings them, and other bytes anew', () => {
  const reader = openCrlReader()
  const der = crlOf(1, 3)
  const first = reader.read(der)
  expect(isX509Fault(first)).toBe(false)
  expect(reader.read(der)).toBe(first)
  expect(reader.read(der.slice()), 'a copy').toBe(first)
  expect(reader.read(crlOf(2, 3)), 'control: another list').not.toBe(first)
})

test('bytes that are no list are told each time, and take the place of none', () => {
  const reader = openCrlReader({ maxLists: 1, maxEntries: 10 })
  const der = crlOf(1, 1)
  const first = reader.read(der)
  for (let at = 0; at < 3; at += 1) expect(reader.read(Uint8Array.of(0x30, at))).toHaveProperty('fault')
  expect(reader.read(der)).toBe(first)
})

test('no more lists, and no more entries, are kept than the limits say: those used least lately go first', () => {
  const few = openCrlReader({ maxLists: 2, maxEntries: 1_000 })
  const [a, b, c] = [crlOf(1, 1), crlOf(2, 1), crlOf(3, 1)]
  const [readA, readB] = [few.read(a), few.read(b)]
  expect(few.read(a), 'used again').toBe(readA)
  few.read(c)
  expect(few.read(a)).toBe(readA)
  expect(few.read(b), 'was used least lately').not.toBe(readB)

  const small = openCrlReader({ maxLists: 100, maxEntries: 10 })
  const [six, five] = [crlOf(4, 6), crlOf(5, 5)]
  const readSix = small.read(six)
  small.read(five)
  expect(small.read(six), 'eleven entries are too many').not.toBe(readSix)
  const huge = crlOf(6, 50)
  const readHuge = small.read(huge)
  expect(small.read(huge), 'alone it is kept all the same').toBe(readHuge)
})
