/**
 * Opened private keys of the X.509 authorities, with what is the same in all that each signs encoded once.
 *
 * Only immutable things are remembered (law 13): which authority is active is asked each time.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import {
  isX509Fault,
  MayflyError,
  parseCertificate,
  prepareSvidIssuer,
  type X509Signer,
  type X509Svid,
  type X509SvidRequest,
} from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import { sealPlace } from '../../adapters/keys/seal-place.ts'
import { x509SignerOfKey } from '@mayfly/provider-kit'
import type { AuthorityRow, CertifiedAuthorityRow } from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'

export interface OpenAuthority {
  readonly keyId: string
  readonly signer: X509Signer
  /** Its subject, DER: the issuer of all that it signs. */
  readonly name: Uint8Array
  readonly subjectKeyId: Uint8Array
  readonly notAfter: Date
  /** What goes out behind each leaf, DER: nothing where the bundle holds its own certificate. */
  readonly chain: readonly Uint8Array[]
  /** @param crlUrl written into the certificate, where there is one */
  svid(request: X509SvidRequest, crlUrl: string | undefined): X509Svid
}

export interface AuthorityKeys {
  /** @throws MayflyError `key_unusable` */
  open(tx: Tx, row: CertifiedAuthorityRow): Promise<OpenAuthority>
  /** One that this process has opened before. Saves a transaction; says nothing about its state. */
  find(keyId: string): OpenAuthority | undefined
  /** The key alone, of one that waits for its certificate too. */
  openKey(tx: Tx, row: AuthorityRow): Promise<KeyObject>
}

export function openAuthorityKeys(keys: KeyRing): AuthorityKeys {
  const known = new Map<string, OpenAuthority>()
  const openKey = async (tx: Tx, row: AuthorityRow): Promise<KeyObject> =>
    readKey(row.key_id, await keys.open(tx, row.sealed_private, sealPlace.x509Authority(row.x509_authority_id)))
  return {
    openKey,
    find: (keyId) => known.get(keyId),
    async open(tx, row) {
      const before = known.get(row.key_id)
      if (before !== undefined) return before
      const opened = openAuthority(row, x509SignerOfKey(await openKey(tx, row)))
      known.set(row.key_id, opened)
      return opened
    },
  }
}

/** PKCS #8, base64url, as it was sealed. */
function readKey(keyId: string, privateKey: Secret): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(privateKey.reveal(), 'base64url'), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new MayflyError('key_unusable', { log: `the key of the authority ${keyId} is damaged`, cause })
  }
}

function openAuthority(row: CertifiedAuthorityRow, signer: X509Signer): OpenAuthority {
  const certificate = parseCertificate(row.certificate)
  if (isX509Fault(certificate) || certificate.subjectKeyId === undefined) {
    throw new MayflyError('key_unusable', { log: `the certificate of the authority ${row.key_id} cannot be read` })
  }
  const issuer = { signer, name: certificate.subject.der, keyId: certificate.subjectKeyId, notAfter: row.not_after }
  let prepared:
    | { readonly crlUrl: string | undefined; readonly encode: ReturnType<typeof prepareSvidIssuer> }
    | undefined
  return {
    keyId: row.key_id,
    signer,
    name: issuer.name,
    subjectKeyId: issuer.keyId,
    notAfter: row.not_after,
    chain: row.signed_by === 'itself' ? [] : [row.certificate, ...row.intermediates],
    svid(request, crlUrl) {
      if (prepared === undefined || prepared.crlUrl !== crlUrl) {
        prepared = {
          crlUrl,
          encode: prepareSvidIssuer({ ...issuer, ...(crlUrl === undefined ? {} : { crlUris: [crlUrl] }) }),
        }
      }
      return prepared.encode(request)
    },
  }
}
