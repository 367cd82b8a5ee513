/** Makes an X.509 authority: its key, sealed, and its certificate, signed by itself or by the one above. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  encodeCertificate,
  MayflyError,
  newId,
  type PublicKeyInfo,
  svidAuthorityName,
  svidAuthorityTemplate,
  type X509AuthorityId,
} from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../adapters/x509/sign-certificate.ts'
import {
  type AuthorityCertificate,
  type AuthorityRow,
  type AuthoritySigner,
  type CertifiedAuthorityRow,
  insertAuthority,
  prepareAuthorityRow,
} from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'
import { findTrustDomain } from '../../store/tenant-rows.ts'
import type { AuthorityKeyDeps } from './spiffe-deps.ts'
import type { UpstreamAuthority } from './upstream-authority.ts'

/** Rotated at half of it, so that an authority that nobody can replace in time still has two weeks. */
export const authorityLifeSeconds = 30 * 86_400
const backdateSeconds = 60

export interface AuthorityKey {
  readonly privateKey: KeyObject
  readonly publicKey: PublicKeyInfo
  readonly subjectKeyId: Uint8Array
}

/** The row and the key; no certificate yet. The caller appends the entry (law 5). */
export async function insertAuthorityKey(
  deps: Pick<AuthorityKeyDeps, 'keys'>,
  tx: Tx,
  signedBy: AuthoritySigner,
  now: Date,
): Promise<{ readonly row: AuthorityRow; readonly key: AuthorityKey }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKeyInfoOf(publicKey)
  const subjectKeyId = keyIdOf(info)
  const authorityId = newId<X509AuthorityId>(now.getTime())
  const pkcs8 = new Secret(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'))
  const row = await insertAuthority(tx, {
    x509_authority_id: authorityId,
    key_id: Buffer.from(subjectKeyId).toString('hex'),
    public_key: Buffer.from(info.spki),
    signed_by: signedBy,
    sealed_private: await deps.keys.seal(tx, pkcs8, sealPlace.x509Authority(authorityId)),
    requested_at: now,
  })
  return { row, key: { privateKey, publicKey: info, subjectKeyId } }
}

/** In state `prepared`: published, and not yet signing. The caller appends the entry and refreshes the bundle. */
export async function prepareAuthority(
  deps: Pick<AuthorityKeyDeps, 'keys' | 'trustDomain' | 'upstream'>,
  tx: Tx,
  now: Date,
): Promise<CertifiedAuthorityRow> {
  const { upstream } = deps
  const signedBy = upstream === undefined ? 'itself' : 'upstream_file'
  const { row, key } = await insertAuthorityKey(deps, tx, signedBy, now)
  const trustDomain = await findTrustDomain(tx, deps.trustDomain)
  const certificate =
    upstream === undefined ? signItself(key, trustDomain, now) : signBy(upstream, key, trustDomain, now)
  return prepareAuthorityRow(tx, row.x509_authority_id, certificate, now)
}

function signItself(key: AuthorityKey, trustDomain: string, now: Date): AuthorityCertificate {
  const validity = validityOf(now)
  const issuer = {
    signer: x509SignerOfKey(key.privateKey),
    name: svidAuthorityName(trustDomain, key.subjectKeyId),
    keyId: key.subjectKeyId,
  }
  const der = Buffer.from(encodeCertificate(issuer, templateOf(key, trustDomain, validity)))
  return {
    certificate: der,
    intermediates: [],
    root: der,
    not_before: validity.notBefore,
    not_after: validity.notAfter,
  }
}

/** @throws MayflyError `key_unusable`: the one above ends too soon */
function signBy(upstream: UpstreamAuthority, key: AuthorityKey, trustDomain: string, now: Date): AuthorityCertificate {
  const { certificate, path } = upstream
  const { subjectKeyId } = certificate
  if (subjectKeyId === undefined) throw new MayflyError('key_unusable', { log: 'the upstream authority has no key id' })
  const wanted = validityOf(now)
  const notAfter = new Date(Math.min(wanted.notAfter.getTime(), certificate.notAfter.getTime()))
  if (notAfter <= now || certificate.notBefore > now) {
    throw new MayflyError('key_unusable', { log: 'the upstream authority is not valid now' })
  }
  const notBefore = new Date(Math.max(wanted.notBefore.getTime(), certificate.notBefore.getTime()))
  const issuer = { signer: x509SignerOfKey(upstream.key), name: certificate.subject.der, keyId: subjectKeyId }
  const der = Buffer.from(encodeCertificate(issuer, templateOf(key, trustDomain, { notBefore, notAfter })))
  const root = path.at(-1) ?? path[0]
  return {
    certificate: der,
    intermediates: path.slice(0, -1).map((each) => Buffer.from(each)),
    root: Buffer.from(root),
    not_before: notBefore,
    not_after: notAfter,
  }
}

function templateOf(key: AuthorityKey, trustDomain: string, validity: { notBefore: Date; notAfter: Date }) {
  return svidAuthorityTemplate({
    trustDomain,
    publicKey: key.publicKey,
    subjectKeyId: key.subjectKeyId,
    serialNumber: makeSerialNumber(),
    ...validity,
    // It signs SVIDs and nothing that signs.
    maxPathLength: 0,
  })
}

function validityOf(now: Date): { notBefore: Date; notAfter: Date } {
  const second = Math.floor(now.getTime() / 1000)
  return {
    notBefore: new Date((second - backdateSeconds) * 1000),
    notAfter: new Date((second + authorityLifeSeconds) * 1000),
  }
}
