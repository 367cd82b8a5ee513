/**
 * The keys of each tenant: to seal, to fingerprint, to sign (decision 0013).
 *
 * Promise: nothing that opens anything stands in the database in the clear. Data keys are wrapped by the key-encryption
 * key; everything else is sealed under a data key, bound to tenant, place and key.
 * Caches hold immutable things only (law 13): an opened key under its id. Which key is active is asked each time, in the
 * caller's transaction.
 * Not here: making, rotating and retiring keys with their entries (application/proof/*-keys.ts).
 */
import { createHmac, createSecretKey, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto'
import { type Clock, MayflyError } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { Tx } from '../../store/database.ts'
import {
  findActiveDataKey,
  findActiveSigningKey,
  findDataKey,
  findSigningKey,
  type KeyPurpose,
  listTrustedSigningKeys,
  type SigningKeyRow,
} from '../../store/key-rows.ts'
import { deriveSecret } from './derive-secret.ts'
import { openBytes, sealBytes } from './envelope.ts'
import type { KeyEncryptionKeys } from './key-encryption-key.ts'
import { sealPlace } from './seal-place.ts'
import { openSigner, type Signer, type SigningAlgorithm } from './signing-key.ts'

export type SignerPurpose = Exclude<KeyPurpose, 'fingerprint'>

export interface VerificationKey {
  readonly keyId: string
  readonly publicJwk: JsonWebKey
}

/** What of an active key for fingerprints is needed to use it. */
export type FingerprintKeyRow = Pick<SigningKeyRow, 'key_id' | 'sealed_private'>

export interface KeyRing {
  /** Seals under the tenant's active data key. `place` says where it belongs (`sealPlace`). */
  seal(tx: Tx, value: Secret, place: string): Promise<string>
  /** @throws MayflyError `key_unusable`: sealed elsewhere, changed, or under a key that cannot be opened */
  open(tx: Tx, sealed: string, place: string): Promise<Secret>
  /** Keyed (HMAC-SHA-256, base64url): recognises a value without keeping it, and cannot be guessed from outside. */
  fingerprint(tx: Tx, value: Secret): Promise<string>
  /** The same with a key whose row is at hand, for a secret that comes after the transaction. */
  fingerprinter(tx: Tx, row: FingerprintKeyRow): Promise<(value: Secret) => string>
  /** @throws MayflyError `key_unusable`: no key of this purpose is active */
  signer(tx: Tx, purpose: SignerPurpose): Promise<Signer>
  /** The signer of a key that is known to be active: for a path that has read its id in a batch already. */
  signerOf(tx: Tx, keyId: string): Promise<Signer>
  /** An opened signer, where this process has used it before. Saves a transaction; says nothing about its state. */
  findOpenSigner(keyId: string): Signer | undefined
  /** Prepared, active, and retired keys that are still believed now. */
  verificationKeys(tx: Tx, purpose: SignerPurpose): Promise<readonly VerificationKey[]>
  /** A new data key, wrapped for its tenant; the caller stores the row. */
  makeDataKey(tenantId: string, dataKeyId: string): { kekId: string; wrapped: Buffer }
  /** Wraps a data key again under the current key-encryption key. */
  rewrapDataKey(tenantId: string, row: { data_key_id: string; kek_id: string; wrapped: Buffer }): Buffer
  /** Secrets of one label that follow from the key-encryption keys: the current one's first, then the previous one's. */
  derivedSecrets(label: string): readonly [Secret, ...Secret[]]
  readonly kekId: string
}

export function createKeyRing({ keks, clock }: { keks: KeyEncryptionKeys; clock: Clock }): KeyRing {
  const dataKeys = new Map<string, KeyObject>()
  const signers = new Map<string, Signer>()
  const fingerprintKeys = new Map<string, KeyObject>()

  function unwrap(tenantId: string, row: { data_key_id: string; kek_id: string; wrapped: Buffer }): Buffer {
    const kek = [keks.current, keks.previous].find((candidate) => candidate?.keyId === row.kek_id)
    const bytes = kek?.unwrap(row.wrapped, dataKeyPlace(tenantId, row.data_key_id))
    if (bytes === undefined) {
      throw new MayflyError('key_unusable', {
        log: `data key ${row.data_key_id} is wrapped by key-encryption key ${row.kek_id}, this server has ${keks.current.keyId}`,
        hint:
          kek === undefined
            ? 'give the former key with `MAYFLY_KEK_PREVIOUS_FILE`'
            : 'the row of the data key was changed',
      })
    }
    return bytes
  }

  function opened(tenantId: string, row: { data_key_id: string; kek_id: string; wrapped: Buffer }): KeyObject {
    const known = dataKeys.get(row.data_key_id)
    if (known !== undefined) return known
    const key = createSecretKey(unwrap(tenantId, row))
    dataKeys.set(row.data_key_id, key)
    return key
  }

  async function open(tx: Tx, sealed: string, place: string): Promise<Secret> {
    const [version, dataKeyId, encoded] = sealed.split('.')
    if (version !== 'v1' || dataKeyId === undefined || encoded === undefined) throw unopened(place)
    let key = dataKeys.get(dataKeyId)
    if (key === undefined) {
      const row = await findDataKey(tx, dataKeyId)
      if (row === undefined) throw unopened(place)
      key = opened(tx.tenantId, row)
    }
    const bytes = openBytes(key, Buffer.from(encoded, 'base64url'), boundPlace(tx.tenantId, place, dataKeyId))
    if (bytes === undefined) throw unopened(place)
    return new Secret(bytes.toString('utf8'))
  }

  async function signerOfRow(tx: Tx, row: SigningKeyRow): Promise<Signer> {
    const known = signers.get(row.key_id)
    if (known !== undefined) return known
    const privateKey = await open(tx, row.sealed_private, sealPlace.signingKey(row.key_id))
    const signer = openSigner(row.key_id, row.algorithm as SigningAlgorithm, privateKey)
    signers.set(row.key_id, signer)
    return signer
  }

  async function fingerprinterOf(tx: Tx, row: FingerprintKeyRow): Promise<(value: Secret) => string> {
    let key = fingerprintKeys.get(row.key_id)
    if (key === undefined) {
      const secret = await open(tx, row.sealed_private, sealPlace.signingKey(row.key_id))
      key = createSecretKey(secret.reveal(), 'base64url')
      fingerprintKeys.set(row.key_id, key)
    }
    const opened = key
    return (value) => createHmac('sha256', opened).update(value.reveal()).digest('base64url')
  }

  return {
    kekId: keks.current.keyId,
    derivedSecrets: (label) => [
      deriveSecret(keks.current, label),
      ...(keks.previous === undefined ? [] : [deriveSecret(keks.previous, label)]),
    ],
    async seal(tx, value, place) {
      const row = await findActiveDataKey(tx)
      if (row === undefined) throw new MayflyError('key_unusable', { log: `tenant ${tx.tenantId} has no data key` })
      const bytes = sealBytes(
        opened(tx.tenantId, row),
        Buffer.from(value.reveal(), 'utf8'),
        boundPlace(tx.tenantId, place, row.data_key_id),
      )
      return `v1.${row.data_key_id}.${bytes.toString('base64url')}`
    },
    open,
    async fingerprint(tx, value) {
      const row = await findActiveSigningKey(tx, 'fingerprint')
      if (row === undefined) throw noKey(tx, 'fingerprint')
      return (await fingerprinterOf(tx, row))(value)
    },
    fingerprinter: fingerprinterOf,
    async signer(tx, purpose) {
      const row = await findActiveSigningKey(tx, purpose)
      if (row === undefined) throw noKey(tx, purpose)
      return signerOfRow(tx, row)
    },
    async signerOf(tx, keyId) {
      const known = signers.get(keyId)
      if (known !== undefined) return known
      const row = await findSigningKey(tx, keyId)
      if (row === undefined) throw noKey(tx, keyId)
      return signerOfRow(tx, row)
    },
    findOpenSigner: (keyId) => signers.get(keyId),
    async verificationKeys(tx, purpose) {
      const rows = await listTrustedSigningKeys(tx, purpose, clock.now())
      return rows.map((row) => ({ keyId: row.key_id, publicJwk: row.public_jwk as JsonWebKey }))
    },
    makeDataKey: (tenantId, dataKeyId) => ({
      kekId: keks.current.keyId,
      wrapped: keks.current.wrap(randomBytes(32), dataKeyPlace(tenantId, dataKeyId)),
    }),
    rewrapDataKey: (tenantId, row) => keks.current.wrap(unwrap(tenantId, row), dataKeyPlace(tenantId, row.data_key_id)),
  }
}

function dataKeyPlace(tenantId: string, dataKeyId: string): string {
  return `mayfly data key\n${tenantId}\n${dataKeyId}`
}

function boundPlace(tenantId: string, place: string, dataKeyId: string): string {
  return `mayfly sealed value\n${tenantId}\n${dataKeyId}\n${place}`
}

function unopened(place: string): MayflyError {
  return new MayflyError('key_unusable', {
    log: `a sealed value does not open at ${place}: it was changed, or sealed for another place`,
  })
}

function noKey(tx: Tx, purpose: string): MayflyError {
  return new MayflyError('key_unusable', { log: `tenant ${tx.tenantId} has no active key for ${purpose}` })
}
