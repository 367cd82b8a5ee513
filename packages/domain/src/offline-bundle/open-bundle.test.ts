import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64, encodeUtf8 } from '../log/bytes.ts'
import { canonicalJson, type JsonObject } from '../log/canonical-json.ts'
import { signNote } from '../log/note.ts'
import { MayflyError } from '../problem.ts'
import { maxBundleSizeBytes } from './offline-bundle.ts'
import { findBundleOrigin, openOfflineBundle, readUnverifiedBundle } from './open-bundle.ts'
import { signOfflineBundle } from './sign-bundle.ts'
import { bundleCrypto, bundleOf, madeAt, makeBundleKey, origin, times } from './testdata/bundle-maker.ts'

const key = makeBundleKey()
const { sha256 } = bundleCrypto

function refusalOf(work: () => unknown): { code: string; detail: string } {
  try {
    work()
    return { code: 'none', detail: '' }
  } catch (error) {
    if (error instanceof MayflyError) return { code: error.code, detail: error.options.publicDetail ?? '' }
    throw error
  }
}

const open = (file: Uint8Array, keys = [key.key]) => openOfflineBundle(bundleCrypto, file, keys)
const goodFile = () => signOfflineBundle(sha256, bundleOf([key]), [key.signer])

/** A file around any body at all, rightly signed. */
async function fileAround(body: string, head = `mayfly-offline-bundle/v1\n${origin}`): Promise<Uint8Array> {
  const digest = encodeBase64(sha256(encodeUtf8(body)))
  return encodeUtf8(`${await signNote(`${head}\n${digest}\n`, [key.signer])}\n${body}`)
}

const bodyOf = (change: (body: Record<string, unknown>) => void): string => {
  const body: Record<string, unknown> = {
    v: 1,
    origin,
    trust_domain: 'a.example',
    sequence: 7,
    made_at: madeAt.toISOString(),
    keys: [key.vkey],
    sections: {},
  }
  change(body)
  return canonicalJson(body as JsonObject)
}

describe('who signed it', () => {
  test('a bundle opens with the key that signed it, and with no other', async () => {
    const file = await goodFile()
    expect(open(file).bundle).toMatchObject({ origin, trustDomain: 'a.example', sequence: madeAt.getTime(), madeAt })
    const other = makeBundleKey()
    expect(refusalOf(() => open(file, [other.key]))).toMatchObject({ code: 'bundle_untrusted' })
    expect(refusalOf(() => open(file, [other.key])).detail).toContain(`${origin}+${key.key.keyId}`)
    expect(refusalOf(() => open(file, []))).toMatchObject({ code: 'bundle_untrusted' })
  })

  test('a key of another name never counts, even if a person pinned it', async () => {
    const stranger = makeBundleKey('https://mayfly.evil.example')
    const file = await signOfflineBundle(sha256, bundleOf([key]), [stranger.signer])
    expect(refusalOf(() => open(file, [stranger.key]))).toMatchObject({ code: 'bundle_untrusted' })
  })

  test('an unknown signature beside a believed one does no harm, a believed one that fails refuses the whole', async () => {
    const next = makeBundleKey()
    const file = await signOfflineBundle(sha256, bundleOf([key, next]), [key.signer, next.signer])
    expect(open(file).signedBy).toEqual([{ name: origin, keyId: key.key.keyId }])
    const broken = { ...next.signer, sign: () => new Uint8Array(64) }
    const forged = await signOfflineBundle(sha256, bundleOf([key, next]), [key.signer, broken])
    expect(open(forged).signedBy, 'control: the failing key is not known').toHaveLength(1)
    expect(refusalOf(() => open(forged, [key.key, next.key]))).toMatchObject({ code: 'bundle_untrusted' })
  })

  test('a bundle that lists none of its signers would lock its readers out, and is refused', async () => {
    const next = makeBundleKey()
    const file = await signOfflineBundle(sha256, bundleOf([next]), [key.signer])
    expect(refusalOf(() => open(file))).toMatchObject({ code: 'bundle_malformed' })
    const followed = await signOfflineBundle(sha256, bundleOf([next]), [key.signer, next.signer])
    expect(refusalOf(() => open(followed)).code, 'the reader knows the former key only').toBe('bundle_malformed')
    const listed = await signOfflineBundle(sha256, bundleOf([key, next]), [key.signer, next.signer])
    expect(open(listed).bundle.keys).toEqual([key.vkey, next.vkey])
  })
})

describe('what was signed', () => {
  test('no byte of the file can be changed', async () => {
    const file = await goodFile()
    for (let at = 0; at < file.length; at += 1) {
      const changed = Uint8Array.from(file)
      changed[at] = (changed[at] ?? 0) ^ 0x01
      expect(refusalOf(() => open(changed)).code, `byte ${at}`).toMatch(/^bundle_(malformed|untrusted)$/)
    }
    expect(refusalOf(() => open(file)).code, 'control: unchanged').toBe('none')
  })

  test('nothing can be added behind it, and nothing is missing', async () => {
    const file = await goodFile()
    expect(refusalOf(() => open(Buffer.concat([file, Buffer.from('\n')]))).detail).toContain('changed after')
    expect(refusalOf(() => open(file.subarray(0, -1))).detail).toContain('changed after')
  })

  test('a body with a member twice, unsorted or not canonical is refused though it is signed', async () => {
    const good = bodyOf(() => undefined)
    expect(refusalOf(() => open(Buffer.from(good))).code).toBe('bundle_malformed')
    expect((await openText(good)).code, 'control').toBe('none')
    expect((await openText(good.replace('"sequence":7', '"sequence":7,"sequence":8'))).code).toBe('bundle_malformed')
    expect((await openText(good.replace('"sequence":7', '"sequence": 7'))).code).toBe('bundle_malformed')
    expect((await openText('[]')).code).toBe('bundle_malformed')
    expect((await openText(`${'['.repeat(40)}${']'.repeat(40)}`)).code).toBe('bundle_malformed')
  })

  const openText = async (body: string) => {
    const file = await fileAround(body)
    return refusalOf(() => open(file))
  }

  test.each<[string, (body: Record<string, unknown>) => void]>([
    ['another version', (body) => (body['v'] = 2)],
    ['an origin other than the head’s', (body) => (body['origin'] = 'https://mayfly.b.example')],
    ['no sequence', (body) => delete body['sequence']],
    ['a sequence of zero', (body) => (body['sequence'] = 0)],
    ['a sequence that is no whole number', (body) => (body['sequence'] = 1.5)],
    ['a time without milliseconds', (body) => (body['made_at'] = '2026-11-25T12:00:00Z')],
    ['a time that is none', (body) => (body['made_at'] = '2026-13-45T12:00:00.000Z')],
    ['no keys', (body) => (body['keys'] = [])],
    ['a key of another name', (body) => (body['keys'] = [key.vkey, makeBundleKey('https://b.example').vkey])],
    ['more keys than twenty', (body) => (body['keys'] = Array.from({ length: 21 }, () => key.vkey))],
    ['sections that are a list', (body) => (body['sections'] = [])],
    ['a section without its time', (body) => (body['sections'] = { jwks: { items: [] } })],
    [
      'a section from after the bundle',
      (body) => (body['sections'] = { jwks: { ...times, made_at: '2026-11-25T12:00:00.001Z', items: [] } }),
    ],
    ['a key set without issuer', (body) => (body['sections'] = { jwks: { ...times, items: [{ keys: [] }] } })],
    [
      'a SPIFFE bundle that is later than its section',
      (body) =>
        (body['sections'] = {
          trust_bundles: {
            ...times,
            items: [{ trust_domain: 'a.example', made_at: '2026-11-25T12:00:00.001Z', bundle: { keys: [] } }],
          },
        }),
    ],
    ['a CRL that is not base64', (body) => (body['sections'] = { crls: { ...times, items: [{ crl: '??' }] } })],
    [
      'too many key sets',
      (body) =>
        (body['sections'] = {
          jwks: { ...times, items: Array.from({ length: 101 }, () => ({ issuer: 'x', keys: [] })) },
        }),
    ],
  ])('a bundle with %s is refused', async (_name, change) => {
    expect(await openText(bodyOf(change))).toMatchObject({ code: 'bundle_malformed' })
  })

  test('sections that are not known are kept and passed over', async () => {
    const sections = {
      tea: { ...times, kind: 'green' },
      jwks: { ...times, items: [{ issuer: origin, keys: [{ kty: 'EC' }] }] },
    }
    const { bundle } = open(await signOfflineBundle(sha256, bundleOf([key], { sections }), [key.signer]))
    expect(bundle.body['sections']).toMatchObject({ tea: { kind: 'green' } })
    expect(bundle.sections.jwks?.items).toEqual([{ issuer: origin, keys: [{ kty: 'EC' }] }])
    expect(Object.keys(bundle.sections)).toEqual(['jwks'])
  })
})

describe('any bytes', () => {
  test('are refused with a code, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(refusalOf(() => open(bytes)).code).toMatch(/^bundle_/)
      }),
    )
  })

  test('behind a good head are refused, or are one bundle that comes out again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (value) => {
        const body = JSON.stringify(value)
        const file = await fileAround(body)
        expect(refusalOf(() => open(file)).code).toBe('bundle_malformed')
      }),
      { numRuns: 50 },
    )
  })

  test('that are too many are not looked at', () => {
    const refusal = refusalOf(() => open(new Uint8Array(maxBundleSizeBytes + 1)))
    expect(refusal).toEqual({ code: 'bundle_malformed', detail: expect.stringContaining('larger than') })
  })
})

test('a bundle can be shown without a key, and says then who signed it', async () => {
  const file = await goodFile()
  expect(findBundleOrigin(file)).toBe(origin)
  expect(readUnverifiedBundle(sha256, file)).toMatchObject({
    bundle: { sequence: madeAt.getTime() },
    signatures: [{ name: origin, keyId: key.key.keyId }],
  })
  const changed = Uint8Array.from(file)
  changed[changed.length - 2] = 0x20
  expect(refusalOf(() => readUnverifiedBundle(sha256, changed)).code).toBe('bundle_untrusted')
})
