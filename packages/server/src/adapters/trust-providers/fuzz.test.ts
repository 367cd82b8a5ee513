/** Readers of what strangers send, with whatever can be sent. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claimsHold, exactText, findClaim, parseClaims } from './exact-claims.ts'
import { parseSelector } from './host-agent/selectors.ts'
import { isJwtFault, readJwt } from './jwt.ts'
import { policyClaimsOf } from './policy-claims.ts'
import { parseStrictObject } from './strict-json.ts'

const encode = (text: string) => Buffer.from(text).toString('base64url')

test('whatever is read as a JWT, it answers, and says what the parts say', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String()), (text) => {
      const read = readJwt(text)
      expect(isJwtFault(read) || typeof read.header.alg === 'string').toBe(true)
    }),
  )
  fc.assert(
    fc.property(fc.json(), fc.json(), fc.string(), (header, claims, signature) => {
      const read = readJwt(`${encode(header)}.${encode(claims)}.${encode(signature)}`)
      if (isJwtFault(read)) return
      expect(read.claims).toEqual(JSON.parse(claims))
      expect(read.signedText.toString()).toBe(`${encode(header)}.${encode(claims)}`)
    }),
  )
})

test('a JWT is read however its claims look, and a changed character never reads as the same', () => {
  const claims = fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('"__proto__"')),
    { maxKeys: 8 },
  )
  fc.assert(
    fc.property(claims, fc.nat(), (value, at) => {
      const text = `${encode('{"alg":"ES256"}')}.${encode(JSON.stringify(value))}.${encode('signature')}`
      const read = readJwt(text)
      if (isJwtFault(read)) throw new Error(read.fault)
      expect(JSON.stringify(read.claims)).toBe(JSON.stringify(value))
      const where = at % text.length
      const other = `${text.slice(0, where)}${text[where] === 'A' ? 'B' : 'A'}${text.slice(where + 1)}`
      const changed = readJwt(other)
      if (isJwtFault(changed)) return
      const same = changed.signedText.equals(read.signedText) && changed.signature.equals(read.signature)
      // The last character of base64url carries bits that count for nothing; signatures are compared as bytes.
      expect(same && where < text.lastIndexOf('.')).toBe(false)
    }),
  )
})

test('an object is read as JSON.parse reads it, or not at all; never where a member is there twice', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseStrictObject(text)
      expect(read === undefined || isDeepStrictEqual(read, JSON.parse(text))).toBe(true)
    }),
  )
  const name = fc.string().filter((one) => one !== '__proto__')
  fc.assert(
    fc.property(
      name,
      fc.jsonValue({ maxDepth: 2 }),
      fc.jsonValue({ maxDepth: 2 }),
      fc.boolean(),
      (member, one, other, nested) => {
        const twice = `{${JSON.stringify(member)}:${JSON.stringify(one)},${JSON.stringify(member)}:${JSON.stringify(other)}}`
        expect(parseStrictObject(nested ? `{"a":[${twice}]}` : twice)).toBeUndefined()
      },
    ),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (depth) => {
      const text = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
      expect(parseStrictObject(text) === undefined).toBe(depth > 16)
    }),
  )
})

test('a claim holds where it is there and exactly equal, and nowhere else', () => {
  const value = fc.oneof(fc.string({ minLength: 1 }), fc.integer(), fc.boolean())
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((name) => !name.startsWith('/') && name !== '__proto__'),
      value,
      fc.jsonValue(),
      (name, wanted, there) => {
        expect(claimsHold({ [name]: wanted }, { [name]: wanted })).toBe(true)
        expect(claimsHold({ [name]: wanted }, { [name]: [wanted] })).toBe(false)
        expect(claimsHold({ [name]: wanted }, {})).toBe(false)
        expect(claimsHold({ [name]: wanted }, { [name]: there })).toBe(there === wanted)
      },
    ),
  )
  // A pointer never climbs into what every object has.
  for (const name of ['constructor', '/constructor/name', 'toString', '/__proto__/polluted', '__proto__']) {
    expect(findClaim({ a: 1 }, name)).toBeUndefined()
  }
})

test('what is taken as an exact value has no wildcard and is not blank', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const fits = text.trim() !== '' && !text.includes('*') && text.length <= 2000
      let taken = true
      try {
        exactText('/subject', text)
      } catch {
        taken = false
      }
      expect(taken).toBe(fits)
    }),
  )
  expect(() => parseClaims({ sub: 'x' })).toThrow('compared anyway')
  expect(() => parseClaims(JSON.parse('{"__proto__": "x"}') as Record<string, unknown>)).toThrow('the name of a claim')
})

test('a selector reads as what it was made of', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseSelector(text)
      expect(read === undefined || `${read.type}:${read.value}` === text).toBe(true)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_294_967_295 }), (uid) => {
      expect(parseSelector(`unix:uid:${uid}`)).toEqual({ type: 'unix:uid', value: String(uid) })
      expect(parseSelector(`unix:uid:0${uid}`)).toBeUndefined()
    }),
  )
})

test('policies see texts under the names of claims, and no list, no long text, no more than thirty', () => {
  const claims = { ref: 'main', list: ['a'], long: 'x'.repeat(501), yes: true, deep: { 'a/b': { c: 7 } } }
  expect(policyClaimsOf(claims, ['ref', 'list', 'long', 'yes', '/deep/a~1b/c', 'absent'])).toEqual({
    ref: 'main',
    yes: 'true',
    'deep/a/b/c': '7',
  })
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`c${at}`, 'x']))
  expect(Object.keys(policyClaimsOf(many, Object.keys(many)))).toHaveLength(30)
})
