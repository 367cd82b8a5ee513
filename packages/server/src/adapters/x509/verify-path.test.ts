import { generateKeyPairSync, sign } from 'node:crypto'
import {
  derContext,
  derContextPrimitive,
  derInteger,
  derNull,
  derOid,
  derSequence,
  encodeExtension,
  encodeName,
  encodeSignatureAlgorithm,
  oid,
} from '@mayfly/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PathRejection, pathRejections } from './path-rejection.ts'
import {
  makeAuthority,
  makeKey,
  makeLeaf,
  type Shape,
  type TestCertificate,
  testNow,
} from './testdata/make-certificate.ts'
import { type ValidPath, verifyPath, type VerifyPathInput } from './verify-path.ts'
import { isKeyAllowed } from '@mayfly/provider-kit'

const root = makeAuthority({ name: 'root' })
const middle = makeAuthority({ name: 'middle', issuer: root })
const leaf = makeLeaf({ name: 'leaf', issuer: middle, names: { dns: ['a.example.org'] } })

function verify(
  certificates: readonly TestCertificate[],
  anchors: readonly TestCertificate[] = [root],
  rules: Partial<VerifyPathInput> = {},
): ValidPath | PathRejection {
  return verifyPath({
    certificates: certificates.map(({ der }) => der),
    anchors: anchors.map(({ certificate }) => certificate),
    at: testNow,
    purposes: ['clientAuth'],
    extendedKeyUsage: 'required',
    ...rules,
  })
}

/** The common names of the path, or the reason of the refusal. */
function outcome(...input: Parameters<typeof verify>): string {
  const verified = verify(...input)
  return verified.outcome === 'valid'
    ? verified.path.map(({ subject }) => subject.text.slice(3)).join(' < ')
    : verified.reason
}

test('a leaf is valid through its intermediates, in whatever order they come, and up to any anchor', () => {
  const low = makeAuthority({ name: 'low', issuer: middle })
  const deep = makeLeaf({ name: 'deep', issuer: low })
  expect(outcome([deep, low, middle])).toBe('deep < low < middle < root')
  expect(outcome([deep, root, middle, low, leaf])).toBe('deep < low < middle < root')
  expect(outcome([leaf], [middle]), 'an anchor need not be signed by itself').toBe('leaf < middle')
  expect(outcome([leaf, middle], [middle, root])).toBe('leaf < middle')
})

test('what no anchor issued is refused, also where names are equal', () => {
  const otherRoot = makeAuthority({ name: 'root' })
  expect(outcome([leaf, middle], [otherRoot])).toBe('issuer_unknown')
  expect(outcome([leaf, middle], [])).toBe('issuer_unknown')
  expect(outcome([leaf], [root])).toBe('issuer_unknown')
  expect(outcome([leaf, middle, otherRoot], [makeAuthority({ name: 'other' })]), 'a root that a peer brings').toBe(
    'issuer_unknown',
  )
  const unnamed = makeLeaf({ name: 'leaf', issuer: root, authorityKeyId: null })
  expect(outcome([unnamed], [otherRoot]), 'no key identifier to tell them apart').toBe('signature_invalid')
  expect(outcome([unnamed], [otherRoot, root]), 'control').toBe('leaf < root')
})

test('a changed byte is refused', () => {
  const changed = leaf.der.slice()
  const at = changed.length - 1
  changed[at] = (changed[at] ?? 0) ^ 1
  const input = { anchors: [root.certificate], at: testNow, purposes: [], extendedKeyUsage: 'required' } as const
  expect(verifyPath({ ...input, certificates: [changed, middle.der] })).toMatchObject({ reason: 'signature_invalid' })
  expect(verifyPath({ ...input, certificates: [leaf.der, middle.der] }), 'control').toMatchObject({ outcome: 'valid' })
})

test('every certificate of the path must be in its time, to the millisecond', () => {
  const end = new Date(testNow.getTime() + 1_000)
  const short = { notBefore: testNow, notAfter: end }
  for (const [path, anchor] of [
    [[makeLeaf({ name: 'leaf', issuer: middle, ...short }), middle], root],
    (() => {
      const shortMiddle = makeAuthority({ name: 'middle', issuer: root, ...short })
      return [[makeLeaf({ name: 'leaf', issuer: shortMiddle }), shortMiddle], root]
    })(),
    (() => {
      const shortRoot = makeAuthority({ name: 'root', ...short })
      return [[makeLeaf({ name: 'leaf', issuer: shortRoot })], shortRoot]
    })(),
  ] as const satisfies readonly (readonly [readonly TestCertificate[], TestCertificate])[]) {
    const at = (time: number): string => outcome(path, [anchor], { at: new Date(time) })
    expect(at(testNow.getTime() - 1)).toBe('not_yet_valid')
    expect(at(testNow.getTime())).toMatch(/^leaf/)
    expect(at(end.getTime())).toMatch(/^leaf/)
    expect(at(end.getTime() + 1)).toBe('expired')
  }
})

test('only authorities issue: a leaf that signs another leaf is refused', () => {
  const issueBy = (issuer: TestCertificate): readonly TestCertificate[] => [
    makeLeaf({ name: 'victim', issuer }),
    issuer,
  ]
  expect(outcome(issueBy(makeLeaf({ name: 'leaf', issuer: root })))).toBe('not_an_authority')
  const without = (change: Partial<Shape>): string =>
    outcome(issueBy(makeAuthority({ name: 'middle', issuer: root, ...change })))
  expect(without({ basicConstraints: null })).toBe('not_an_authority')
  expect(without({ keyUsage: ['digitalSignature', 'cRLSign'] })).toBe('key_usage_wrong')
  expect(without({ keyUsage: null })).toBe('key_usage_wrong')
  expect(without({}), 'control').toBe('victim < middle < root')
})

test('an anchor is held to its basic constraints and key usage, though not to its signature', () => {
  const anchored = (change: Partial<Shape>): string => {
    const anchor = makeAuthority({ name: 'anchor', ...change })
    return outcome([makeLeaf({ name: 'leaf', issuer: anchor })], [anchor])
  }
  expect(anchored({ basicConstraints: null })).toBe('not_an_authority')
  expect(anchored({ basicConstraints: { isCa: false } })).toBe('not_an_authority')
  expect(anchored({ keyUsage: ['cRLSign'] })).toBe('key_usage_wrong')
  expect(anchored({ keyUsage: null }), 'many private roots say nothing').toBe('leaf < anchor')
  const unsigned = { algorithm: encodeSignatureAlgorithm('ecdsa-with-SHA256'), sign: () => new Uint8Array(8) }
  expect(anchored({ signedWith: unsigned })).toBe('leaf < anchor')
})

test('an authority cannot stand where a leaf is wanted', () => {
  expect(outcome([middle])).toBe('leaf_is_authority')
  expect(outcome([root]), 'not even the anchor itself').toBe('leaf_is_authority')
  for (const usage of ['keyCertSign', 'cRLSign'] as const)
    expect(outcome([makeLeaf({ name: 'leaf', issuer: root, keyUsage: ['digitalSignature', usage] })])).toBe(
      'key_usage_wrong',
    )
})

test('path lengths hold, from an anchor and from an intermediate, and self-issued authorities do not count', () => {
  const chain = (limit: number, from: 'root' | 'middle'): string => {
    const limited = { basicConstraints: { isCa: true, maxPathLength: limit } }
    const top = makeAuthority({ name: 'root', ...(from === 'root' ? limited : {}) })
    const first = makeAuthority({ name: 'first', issuer: top, ...(from === 'middle' ? limited : {}) })
    const second = makeAuthority({ name: 'second', issuer: first })
    return outcome([makeLeaf({ name: 'leaf', issuer: second }), second, first], [top])
  }
  expect(chain(1, 'root')).toBe('path_length_exceeded')
  expect(chain(2, 'root')).toBe('leaf < second < first < root')
  expect(chain(0, 'middle')).toBe('path_length_exceeded')
  expect(chain(1, 'middle')).toBe('leaf < second < first < root')

  const top = makeAuthority({ name: 'root', basicConstraints: { isCa: true, maxPathLength: 0 } })
  const renewed = makeAuthority({ name: 'root', issuer: top })
  expect(outcome([makeLeaf({ name: 'leaf', issuer: renewed }), renewed], [top])).toBe('leaf < root < root')
  const wider = makeAuthority({ name: 'root', issuer: top, basicConstraints: { isCa: true, maxPathLength: 5 } })
  const below = makeAuthority({ name: 'below', issuer: wider })
  expect(outcome([makeLeaf({ name: 'leaf', issuer: below }), below, wider], [top]), 'a limit does not grow below').toBe(
    'path_length_exceeded',
  )
})

test('a path holds six certificates at most', () => {
  const chain = [root]
  for (let at = 1; at <= 5; at += 1) chain.push(makeAuthority({ name: `ca${at}`, issuer: chain[at - 1] ?? root }))
  const below = (depth: number): readonly TestCertificate[] => [
    makeLeaf({ name: 'leaf', issuer: chain[depth] ?? root }),
    ...chain.slice(1, depth + 1),
  ]
  expect(outcome(below(4))).toBe('leaf < ca4 < ca3 < ca2 < ca1 < root')
  expect(outcome(below(5))).toBe('path_too_long')
})

test('name constraints hold for everything below, whichever authority set them', () => {
  const constrained = (
    constraint: NonNullable<Shape['nameConstraints']>,
    names: NonNullable<Shape['names']>,
    by: 'root' | 'middle',
  ): string => {
    const top = makeAuthority({ name: 'root', ...(by === 'root' ? { nameConstraints: constraint } : {}) })
    const low = makeAuthority({ name: 'low', issuer: top, ...(by === 'middle' ? { nameConstraints: constraint } : {}) })
    return outcome([makeLeaf({ name: 'leaf', issuer: low, names }), low], [top])
  }
  for (const by of ['root', 'middle'] as const) {
    for (const [form, base, inside, outside] of [
      ['dns', 'example.org', 'a.example.org', 'a.example.net'],
      ['uri', 'example.org', 'spiffe://example.org/a', 'spiffe://example.net/a'],
      ['email', 'example.org', 'a@example.org', 'a@example.net'],
      ['ip', '10.0.0.0/8', '10.1.2.3', '11.1.2.3'],
    ] as const) {
      expect(constrained({ permitted: { [form]: [base] } }, { [form]: [inside] }, by)).toBe('leaf < low < root')
      expect(constrained({ permitted: { [form]: [base] } }, { [form]: [outside] }, by)).toBe('name_not_permitted')
      expect(constrained({ excluded: { [form]: [base] } }, { [form]: [inside] }, by)).toBe('name_not_permitted')
      expect(constrained({ excluded: { [form]: [base] } }, { [form]: [outside] }, by)).toBe('leaf < low < root')
    }
  }
})

test('a wider constraint below does not undo a narrower one above, and an intermediate answers to it too', () => {
  const top = makeAuthority({ name: 'root', nameConstraints: { permitted: { dns: ['a.org'] } } })
  const low = makeAuthority({ name: 'low', issuer: top, nameConstraints: { permitted: { dns: ['a.org', 'b.org'] } } })
  const of = (dns: string): string =>
    outcome([makeLeaf({ name: 'leaf', issuer: low, names: { dns: [dns] } }), low], [top])
  expect(of('x.a.org')).toBe('leaf < low < root')
  expect(of('x.b.org')).toBe('name_not_permitted')
  const named = makeAuthority({ name: 'low', issuer: top, names: { dns: ['b.org'] } })
  expect(outcome([makeLeaf({ name: 'leaf', issuer: named }), named], [top])).toBe('name_not_permitted')
})

test('constraints that Mayfly cannot apply are refused: other name forms, policies, unknown critical extensions', () => {
  const directoryNames = derSequence(derContext(0, derSequence(derContext(4, encodeName([{ type: 'O', value: 'a' }])))))
  for (const [extension, reason] of [
    [encodeExtension(oid.nameConstraints, 'critical', directoryNames), 'name_constraints_unsupported'],
    [encodeExtension(oid.nameConstraints, 'not-critical', directoryNames), 'name_constraints_unsupported'],
    [
      encodeExtension(oid.policyConstraints, 'critical', derSequence(derContextPrimitive(0, Uint8Array.of(0)))),
      'policy_constraints_unsupported',
    ],
    [encodeExtension(oid.inhibitAnyPolicy, 'critical', derInteger(0)), 'policy_constraints_unsupported'],
    [encodeExtension('1.2.3.4', 'critical', derNull()), 'critical_extension_unknown'],
  ] as const) {
    const strange = makeAuthority({ name: 'middle', issuer: root, more: [extension] })
    expect(outcome([makeLeaf({ name: 'leaf', issuer: strange }), strange])).toBe(reason)
    const strangeRoot = makeAuthority({ name: 'strange', more: [extension] })
    expect(outcome([makeLeaf({ name: 'leaf', issuer: strangeRoot })], [strangeRoot])).toBe(reason)
  }
  const criticalLeaf = makeLeaf({
    name: 'leaf',
    issuer: root,
    more: [encodeExtension('1.2.3.4', 'critical', derNull())],
  })
  expect(outcome([criticalLeaf])).toBe('critical_extension_unknown')
  const known = [
    encodeExtension('1.2.3.4', 'not-critical', derNull()),
    encodeExtension(oid.certificatePolicies, 'critical', derSequence(derSequence(derOid('1.2.3')))),
  ]
  expect(outcome([makeLeaf({ name: 'leaf', issuer: root, more: known })]), 'control').toBe('leaf < root')
})

test('the leaf is meant for the purpose, and no authority above is kept from it', () => {
  const meantFor = (
    own: readonly string[] | undefined,
    above: readonly string[] | undefined,
    rules: Partial<VerifyPathInput> = {},
  ): string => {
    const low = makeAuthority({ name: 'low', issuer: root, ...(above ? { extendedKeyUsage: above } : {}) })
    const end = own ? makeLeaf({ name: 'leaf', issuer: low, extendedKeyUsage: own }) : withoutPurposes(low)
    return outcome([end, low], [root], rules)
  }
  const { clientAuth, serverAuth, anyExtendedKeyUsage } = oid
  expect(meantFor([clientAuth], undefined)).toBe('leaf < low < root')
  expect(meantFor([serverAuth], undefined)).toBe('purpose_not_allowed')
  expect(meantFor([anyExtendedKeyUsage], undefined), 'any is not this one (RFC 5280 section 4.2.1.12)').toBe(
    'purpose_not_allowed',
  )
  expect(meantFor([clientAuth], [serverAuth])).toBe('purpose_not_allowed')
  expect(meantFor([clientAuth], [anyExtendedKeyUsage])).toBe('leaf < low < root')
  expect(meantFor(undefined, undefined)).toBe('purpose_not_allowed')
  expect(meantFor(undefined, undefined, { extendedKeyUsage: 'if_present' })).toBe('leaf < low < root')
  expect(meantFor([clientAuth, serverAuth], undefined, { purposes: ['clientAuth', 'serverAuth'] })).toBe(
    'leaf < low < root',
  )
  expect(outcome([makeLeaf({ name: 'leaf', issuer: root, keyUsage: ['keyAgreement'] })])).toBe('key_usage_wrong')
})

function withoutPurposes(issuer: TestCertificate): TestCertificate {
  return makeAuthority({ name: 'leaf', issuer, basicConstraints: { isCa: false }, keyUsage: ['digitalSignature'] })
}

test('weak algorithms and keys are refused by name', () => {
  const rsa = makeKey(generateKeyPairSync('rsa', { modulusLength: 2048 }))
  const rsaRoot = makeAuthority({ name: 'rsa', key: rsa })
  const signedWith = (algorithm: string, parameters: readonly Uint8Array[], hash: string): string =>
    outcome(
      [
        makeLeaf({
          name: 'leaf',
          issuer: rsaRoot,
          signedWith: {
            algorithm: derSequence(derOid(algorithm), ...parameters),
            sign: (bytes) => sign(hash, bytes, rsa.privateKey),
          },
        }),
      ],
      [rsaRoot],
    )
  expect(signedWith('1.2.840.113549.1.1.5', [derNull()], 'sha1')).toBe('algorithm_not_allowed')
  expect(signedWith('1.2.840.113549.1.1.4', [derNull()], 'md5')).toBe('algorithm_not_allowed')
  expect(signedWith('1.2.840.113549.1.1.10', [derSequence()], 'sha256')).toBe('algorithm_not_allowed')
  for (const [algorithm, hash] of [
    ['1.2.840.113549.1.1.11', 'sha256'],
    ['1.2.840.113549.1.1.12', 'sha384'],
    ['1.2.840.113549.1.1.13', 'sha512'],
  ] as const) {
    expect(signedWith(algorithm, [derNull()], hash)).toBe('leaf < rsa')
  }
  expect(signedWith('1.2.840.10045.4.3.2', [], 'sha256'), 'an algorithm of another kind of key').toBe(
    'signature_invalid',
  )

  const small = makeKey(generateKeyPairSync('rsa', { modulusLength: 1024 }))
  expect(outcome([makeLeaf({ name: 'leaf', issuer: root, key: small })])).toBe('key_not_allowed')
  const smallRoot = makeAuthority({ name: 'small', key: small })
  expect(outcome([makeLeaf({ name: 'leaf', issuer: smallRoot })], [smallRoot])).toBe('key_not_allowed')
  const { keyBytes, spki } = rsa.publicKey
  for (const [modulusBits, exponentBits, isAllowed] of [
    [2_048, 17, true],
    [8_192, 17, true],
    [8_193, 17, false],
    [2_047, 17, false],
    // The signature by an exponent of 1 is the text itself.
    [2_048, 1, false],
    [2_048, 65, false],
  ] as const) {
    const kind = { keyType: 'RSA', modulusBits, exponentBits } as const
    expect({ kind, isAllowed: isKeyAllowed({ kind, keyBytes, spki }) }).toEqual({ kind, isAllowed })
  }
})

test('P-384, Ed25519 and RSA authorities and leaves are valid', () => {
  for (const pair of [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]) {
    const anchor = makeAuthority({ name: 'anchor', key: makeKey(pair) })
    expect(outcome([makeLeaf({ name: 'leaf', issuer: anchor, key: makeKey(pair) })], [anchor])).toBe('leaf < anchor')
  }
})

test('a point that is not on its curve is no key', () => {
  const key = makeKey()
  const spki = key.publicKey.spki.slice()
  spki.fill(7, spki.length - 20)
  const broken = { ...key, publicKey: { ...key.publicKey, spki, keyBytes: spki.slice(-65) } }
  const anchor = makeAuthority({ name: 'anchor', key: broken })
  expect(outcome([makeLeaf({ name: 'leaf', issuer: anchor })], [anchor])).toBe('key_not_allowed')
})

test('cross-signed authorities: whichever way leads to an anchor is found, an expired one notwithstanding', () => {
  const key = makeKey()
  const oldRoot = makeAuthority({ name: 'old' })
  const newRoot = makeAuthority({ name: 'new' })
  const byOld = makeAuthority({ name: 'shared', key, issuer: oldRoot, notAfter: new Date(testNow.getTime() - 1_000) })
  const byNew = makeAuthority({ name: 'shared', key, issuer: newRoot })
  const end = makeLeaf({ name: 'leaf', issuer: byNew })
  for (const order of [
    [byOld, byNew],
    [byNew, byOld],
  ])
    expect(outcome([end, ...order], [oldRoot, newRoot])).toBe('leaf < shared < new')
  expect(outcome([end, byOld, byNew], [oldRoot])).toBe('expired')
  // The two sign each other: no way leads round in a circle.
  const a = makeAuthority({ name: 'a' })
  const b = makeAuthority({ name: 'b', issuer: a })
  const aByB = makeAuthority({ name: 'a', key: a.key, issuer: b })
  const bByA = makeAuthority({ name: 'b', key: b.key, issuer: aByB })
  expect(outcome([makeLeaf({ name: 'leaf', issuer: b }), b, aByB, bByA], [root])).toBe('issuer_unknown')
})

test('what was presented is bounded in number, and the search in steps', () => {
  expect(outcome(Array<TestCertificate>(11).fill(leaf))).toBe('too_many_certificates')
  expect(outcome([])).toBe('certificate_malformed')
  expect(
    verifyPath({
      certificates: [new Uint8Array(9)],
      anchors: [],
      at: testNow,
      purposes: [],
      extendedKeyUsage: 'required',
    }),
  ).toMatchObject({ reason: 'certificate_malformed' })
  // Nine authorities of one name and key: they can be put one above the other in any order.
  const key = makeKey()
  const same = Array.from({ length: 9 }, () => makeAuthority({ name: 'same', key }))
  const issuer = same[0] ?? root
  const startMs = performance.now()
  expect(outcome([makeLeaf({ name: 'leaf', issuer }), ...same])).toBe('path_too_complex')
  expect(performance.now() - startMs).toBeLessThan(2_000)
  expect(outcome([makeLeaf({ name: 'leaf', issuer }), ...same.slice(1)], [issuer]), 'control').toBe('leaf < same')
})

test('a rejection says which certificate, in words fit for the caller', () => {
  const old = makeAuthority({ name: 'middle', issuer: root, notAfter: new Date(testNow.getTime() - 1_000) })
  expect(verify([makeLeaf({ name: 'leaf', issuer: old }), old])).toEqual({
    outcome: 'rejected',
    reason: 'expired',
    detail: '`CN=middle` ended at 2026-11-22T11:59:59.000Z',
  })
})

test('mutated certificates are refused or valid, and nothing is thrown', () => {
  const input = { anchors: [root.certificate], at: testNow, purposes: [], extendedKeyUsage: 'required' } as const
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1),
      fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      (which, changes) => {
        const certificates = [leaf.der.slice(), middle.der.slice()]
        const bytes = certificates[which] ?? new Uint8Array(1)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const verified = verifyPath({ ...input, certificates })
        const isSame = Buffer.compare(bytes, which === 0 ? leaf.der : middle.der) === 0
        expect(verified.outcome === 'valid' ? isSame : pathRejections.includes(verified.reason)).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
