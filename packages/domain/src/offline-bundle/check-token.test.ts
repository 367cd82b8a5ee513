import { deflateSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../log/canonical-json.ts'
import { checkTokenOffline, type TokenCheck, type TokenCrypto } from './check-token.ts'
import { openOfflineBundle } from './open-bundle.ts'
import { readStatusList } from './read-status.ts'
import { signOfflineBundle } from './sign-bundle.ts'
import {
  bundleCrypto,
  bundleOf,
  madeAt,
  makeBundleKey,
  makeTokenKey,
  origin,
  signToken,
  times,
  verifySignature,
} from './testdata/bundle-maker.ts'

const crypto: TokenCrypto = {
  verifySignature,
  inflate: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }),
}
const key = makeBundleKey()
const tokenKey = makeTokenKey('k1', 'sig')
const svidKey = makeTokenKey('s1', 'jwt-svid')
const listUri = `${origin}/oauth/status-lists/1`
const now = new Date(madeAt.getTime() + 60_000)
const seconds = (at: Date) => Math.floor(at.getTime() / 1000)

/** One bit an entry; entry 3 is revoked. Two bits where `bits` says so; entry 1 is suspended then. */
function statusToken(claims: object = {}, bytes = Uint8Array.of(0b0000_1000, 0), bits = 1): string {
  const lst = deflateSync(bytes).toString('base64url')
  return signToken(
    { typ: 'statuslist+jwt', alg: 'ES256' },
    { sub: listUri, status_list: { bits, lst }, ...claims },
    tokenKey,
  )
}

async function bundleWith(sections: Record<string, JsonObject>) {
  const file = await signOfflineBundle(bundleCrypto.sha256, bundleOf([key], { sections }), [key.signer])
  return openOfflineBundle(bundleCrypto, file, [key.key]).bundle
}

const allSections = (status = statusToken()): Record<string, JsonObject> => ({
  jwks: { ...times, items: [{ issuer: origin, keys: [tokenKey.jwk, { ...makeTokenKey('e1').jwk, use: 'enc' }] }] },
  trust_bundles: {
    ...times,
    items: [
      {
        trust_domain: 'a.example',
        made_at: times.made_at,
        bundle: { keys: [svidKey.jwk, makeTokenKey('x', 'x509-svid').jwk] },
      },
    ],
  },
  status_lists: { ...times, items: [{ uri: listUri, token: status }] },
})

const goodClaims = {
  iss: origin,
  sub: 'spiffe://a.example/orders',
  aud: 'https://b.example',
  iat: seconds(madeAt),
  exp: seconds(now) + 600,
}

async function check(
  claims: object,
  {
    header = {},
    by = tokenKey,
    sections = allSections(),
    ...more
  }: {
    header?: object
    by?: typeof tokenKey
    sections?: Record<string, JsonObject>
  } & Partial<TokenCheck> = {},
) {
  const token = signToken(
    { alg: 'ES256', typ: 'at+jwt', kid: by.jwk['kid'], ...header },
    { ...goodClaims, ...claims },
    by,
  )
  const asked = { token, audience: 'https://b.example', now, maxAgeSeconds: 3600, ...more }
  return checkTokenOffline(crypto, await bundleWith(sections), asked)
}

describe('a token', () => {
  test('of the issuer is accepted, with what could not be known', async () => {
    const verdict = await check({})
    expect(verdict).toMatchObject({ outcome: 'accepted', subject: goodClaims.sub, issuer: origin, keyId: 'k1' })
    expect(verdict.outcome === 'accepted' && verdict.notKnown.join()).toContain('names no status list')
  })

  test('that is bound to a key, or for acting on behalf of another, is told so', async () => {
    const notKnown = async (claims: object) => {
      const verdict = await check(claims)
      return verdict.outcome === 'accepted' ? verdict.notKnown.join('; ') : verdict.reason
    }
    expect(await notKnown({ cnf: { jkt: 'x' } })).toContain('`cnf`')
    expect(await notKnown({ act: { sub: 'x' } })).toContain('`act`')
    expect(await notKnown({}), 'control').not.toMatch(/cnf|act/)
  })

  test('that is a JWT-SVID is checked with the keys of its trust domain that are for that', async () => {
    const svid = { iss: undefined }
    expect(await check(svid, { by: svidKey, header: { typ: 'JWT' } })).toMatchObject({
      outcome: 'accepted',
      issuer: 'a.example',
    })
    const foreign = { iss: undefined, sub: 'spiffe://b.example/orders' }
    expect(await check(foreign, { by: svidKey, header: { typ: 'JWT' } })).toMatchObject({ reason: 'issuer_unknown' })
    expect(await check(svid, { by: makeTokenKey('x'), header: { typ: 'JWT' } })).toMatchObject({
      reason: 'key_unknown',
    })
  })

  test.each<[string, object, Parameters<typeof check>[1], string]>([
    ['of another issuer', { iss: 'https://evil.example', sub: 'x' }, {}, 'issuer_unknown'],
    ['of an issuer that differs in case', { iss: origin.toUpperCase(), sub: 'x' }, {}, 'issuer_unknown'],
    ['with an unknown key id', {}, { header: { kid: '../k1' } }, 'key_unknown'],
    ['signed by another key of the same name', {}, { by: makeTokenKey('k1') }, 'signature_invalid'],
    ['with no algorithm', {}, { header: { alg: 'none' } }, 'signature_invalid'],
    ['with a symmetric algorithm', {}, { header: { alg: 'HS256' } }, 'signature_invalid'],
    ['of another type', {}, { header: { typ: 'statuslist+jwt' } }, 'type_not_allowed'],
    ['with an extension that must be understood', {}, { header: { crit: ['b64'] } }, 'token_malformed'],
    ['for another audience', { aud: 'https://c.example' }, {}, 'audience_wrong'],
    ['for a part of the audience', { aud: 'https://b.example/x' }, {}, 'audience_wrong'],
    ['without audience', { aud: undefined }, {}, 'audience_wrong'],
    ['without end', { exp: undefined }, {}, 'claim_missing'],
    ['with an empty subject', { sub: ' ' }, {}, 'claim_missing'],
    ['that has ended', { exp: seconds(now) - 31 }, {}, 'token_expired'],
    ['that has not begun', { nbf: seconds(now) + 40 }, {}, 'token_not_yet_valid'],
    ['whose begin is a text', { nbf: '1' }, {}, 'token_not_yet_valid'],
    ['with keys that are too old', {}, { maxAgeSeconds: 59 }, 'material_outdated'],
  ])('%s is refused', async (_name, claims, options, reason) => {
    expect(await check(claims, options)).toMatchObject({ outcome: 'refused', reason })
  })

  test('among several audiences is for each of them', async () => {
    expect(await check({ aud: ['https://c.example', 'https://b.example'] })).toMatchObject({ outcome: 'accepted' })
  })

  test('with a claim twice is refused', async () => {
    const claims = JSON.stringify(goodClaims).replace('{', '{"sub":"spiffe://a.example/other",')
    const token = signToken({ alg: 'ES256', kid: 'k1' }, claims, tokenKey)
    const asked = { token, audience: 'https://b.example', now, maxAgeSeconds: 3600 }
    expect(checkTokenOffline(crypto, await bundleWith(allSections()), asked)).toMatchObject({
      reason: 'token_malformed',
    })
  })

  test('that is any text is refused without an exception', async () => {
    const bundle = await bundleWith(allSections())
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(fc.string(), fc.string(), fc.string()).map((parts) => parts.join('.')),
        ),
        (token) => {
          const asked = { token, audience: 'https://b.example', now, maxAgeSeconds: 3600 }
          expect(checkTokenOffline(crypto, bundle, asked).outcome).toBe('refused')
        },
      ),
    )
  })
})

describe('the status of a token', () => {
  const at = (idx: unknown, uri: unknown = listUri) => ({ status: { status_list: { idx, uri } } })

  test('is looked up in the list that the bundle carries', async () => {
    expect(await check(at(2))).toMatchObject({ outcome: 'accepted', statusMadeAt: madeAt })
    expect(await check(at(3))).toMatchObject({ outcome: 'refused', reason: 'token_revoked' })
  })

  test('with two bits can be suspended', async () => {
    const sections = allSections(statusToken({}, Uint8Array.of(0b0000_1000), 2))
    expect(await check(at(0), { sections })).toMatchObject({ outcome: 'accepted' })
    expect(await check(at(1), { sections })).toMatchObject({ reason: 'token_suspended' })
  })

  test('that cannot be known refuses the token', async () => {
    const { status_lists: _none, ...without } = allSections()
    expect(await check(at(2), { sections: without })).toMatchObject({ reason: 'status_unknown' })
    expect(await check(at(16))).toMatchObject({ reason: 'status_unknown' })
    expect(await check(at(2, `${listUri}0`))).toMatchObject({ reason: 'status_unknown' })
    expect(await check(at('2'))).toMatchObject({ reason: 'status_unknown' })
    expect(await check({ status: {} })).toMatchObject({ reason: 'status_unknown' })
    expect(await check({ status: null })).toMatchObject({ reason: 'status_unknown' })
  })

  test('holds as long as the reader says, not as long as a list lives for those who can fetch a new one', async () => {
    const ended = allSections(statusToken({ exp: seconds(now) - 1 }))
    expect(await check(at(3), { sections: ended })).toMatchObject({ reason: 'token_revoked' })
    const old = allSections()
    old['status_lists'] = { ...old['status_lists'], made_at: new Date(madeAt.getTime() - 3_600_000).toISOString() }
    expect(await check(at(2), { sections: old })).toMatchObject({ reason: 'material_outdated' })
  })
})

describe('a status list', () => {
  const read = (token: string) => readStatusList(crypto.inflate, listUri, token)
  // draft-ietf-oauth-status-list section 4.2: the list of one bit, with its encoding.
  test('of the specification reads as it is printed there', () => {
    const list = read(statusToken({ status_list: { bits: 1, lst: 'eNrbuRgAAhcBXQ' } }))
    const bits = Array.from({ length: 16 }, (_, index) => list.statusAt(index))
    expect(bits).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
    expect(list.statusAt(16)).toBeUndefined()
    expect(list.statusAt(-1)).toBeUndefined()
  })

  test.each([
    ['of another address', { sub: `${listUri}/other` }],
    ['with three bits', { status_list: { bits: 3, lst: 'eNrbuRgAAhcBXQ' } }],
    ['that cannot be unpacked', { status_list: { bits: 1, lst: 'AAAA' } }],
    [
      'that unpacks without end',
      { status_list: { bits: 1, lst: deflateSync(new Uint8Array(5_000_000)).toString('base64url') } },
    ],
  ])('%s is refused', (_name, claims) => {
    expect(() => read(statusToken(claims))).toThrow(/bundle_malformed/)
  })
})
