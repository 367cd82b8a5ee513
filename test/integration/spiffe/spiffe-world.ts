/** What the SPIFFE suites ask of a whole server, in the words of its API. */
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import type { Caller } from '../http/caller.ts'
import type { World } from '../http/world.ts'

export interface X509Answer {
  readonly spiffe_id: string
  readonly serial_number: string
  readonly certificates: readonly [string, ...string[]]
  readonly private_key?: string
  readonly not_before: string
  readonly not_after: string
  readonly hint: string
}

export interface BundleAnswer {
  readonly keys: readonly Readonly<Record<string, unknown>>[]
  readonly spiffe_sequence: number
  readonly spiffe_refresh_hint: number
}

export interface AuthorityAnswer {
  readonly x509_authority_id: string
  readonly key_id: string
  readonly certificate: string
  readonly root: string
  readonly state: string
  readonly prepared_at: string | null
  readonly not_before: string
  readonly not_after: string
}

export function makeWorkloadKey(): { readonly privateKey: KeyObject; readonly spki: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, spki: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') }
}

export async function issueX509(caller: Caller, more: object = {}): Promise<X509Answer> {
  return caller.get<X509Answer>('POST', '/v1/svids/x509', { public_key: makeWorkloadKey().spki, ...more })
}

export async function issueJwt(caller: Caller, audiences: readonly string[], more: object = {}) {
  return caller.get<{ spiffe_id: string; token: string; issued_at: string; expires_at: string; hint: string }>(
    'POST',
    '/v1/svids/jwt',
    { audiences, ...more },
  )
}

export async function fetchBundle(world: { readonly server: World['server'] }, path = '/spiffe/bundle') {
  const response = await fetch(`${world.server.url}${path}`)
  return { status: response.status, headers: response.headers, bundle: (await response.json()) as BundleAnswer }
}

/** The X.509 roots of a bundle, DER in base64. */
export function rootsOf(bundle: BundleAnswer): string[] {
  return bundle.keys.filter((key) => key['use'] === 'x509-svid').map((key) => (key['x5c'] as string[])[0] ?? '')
}

export async function fetchCrl(world: { readonly server: World['server'] }, keyId: string) {
  const response = await fetch(`${world.server.url}/spiffe/crl/${keyId}.crl`)
  return { status: response.status, headers: response.headers, der: new Uint8Array(await response.arrayBuffer()) }
}

export async function activeAuthority(world: Pick<World, 'admin'>): Promise<AuthorityAnswer> {
  const { items } = await world.admin.get<{ items: AuthorityAnswer[] }>('GET', '/v1/x509-authorities')
  const active = items.find((each) => each.state === 'active')
  if (active === undefined) throw new Error('no authority is active')
  return active
}

export function readCertificate(der: string): X509Certificate {
  return new X509Certificate(Buffer.from(der, 'base64'))
}

export function publicKeyOf(spki: string): KeyObject {
  return createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })
}
