/** The audit log of each tenant, with the keys that sign its checkpoints and its promises. */
import { formatVerifierKey, MayflyError, noteVerifier, type TenantId, verifierKey } from '@mayfly/domain'
import type { JsonWebKey } from 'node:crypto'
import type { Signer } from '../adapters/keys/signing-key.ts'
import type { KeyRing } from '../adapters/keys/key-ring.ts'
import type { AuditReceipt } from '../application/audit/audit-entry.ts'
import { verifyEd25519 } from '../application/audit/ed25519.ts'
import type { TenantLog } from '../application/audit/sequence-log.ts'
import { sha256 } from '../application/audit/sha256.ts'
import { signPromise } from '../application/audit/sign-promise.ts'
import { openBatchQueue } from '../store/commit-queue.ts'
import type { Database, Tx } from '../store/database.ts'
import type { LogKeys } from '../surfaces/http/log.ts'

export interface TenantLogs {
  /** The log's name in checkpoints and promises; never changes. */
  originOf(tenantId: TenantId): string
  open(tx: Tx): Promise<TenantLog>
  /** What a verifier needs to know of it. */
  describe(tx: Tx): Promise<LogKeys>
  /** Looked up inside the transaction of the change, used after its commit. */
  promiseSigner(tx: Tx): Promise<(receipt: AuditReceipt) => string>
  /** The same after the commit, in one statement with all who ask at the time. */
  promiseSignerOf(tenantId: TenantId): Promise<(receipt: AuditReceipt) => string>
}

export function createTenantLogs(keys: KeyRing, installationId: string, database: Database): TenantLogs {
  const promiseKeys = openBatchQueue({ database, run: findPromiseKeys })

  // Not the public URL: that may change, and then no old checkpoint would open any more.
  const originOf = (tenantId: TenantId): string => `mayfly/${installationId}/${tenantId}`
  const signerOf = (tenantId: TenantId, active: Signer) => {
    const log = {
      origin: originOf(tenantId),
      signer: { keyId: active.keyId, sign: (bytes: Uint8Array) => active.sign(bytes) },
    }
    return (receipt: AuditReceipt) => signPromise(log, receipt)
  }
  return {
    originOf,
    async open(tx) {
      const name = originOf(tx.tenantId)
      const active = await keys.signer(tx, 'log_checkpoint')
      const trusted = await keys.verificationKeys(tx, 'log_checkpoint')
      const { keyId } = verifierKey(sha256, name, publicBytes(active.publicJwk))
      return {
        tenantId: tx.tenantId,
        signer: { name, keyId, sign: (text) => active.sign(text) },
        verifiers: trusted.map(({ publicJwk }) =>
          noteVerifier(verifierKey(sha256, name, publicBytes(publicJwk)), verifyEd25519),
        ),
      }
    },
    async describe(tx) {
      const origin = originOf(tx.tenantId)
      const [checkpoints, promises] = [
        await keys.verificationKeys(tx, 'log_checkpoint'),
        await keys.verificationKeys(tx, 'promise'),
      ]
      return {
        origin,
        checkpointKeys: checkpoints.map(({ publicJwk }) =>
          formatVerifierKey(verifierKey(sha256, origin, publicBytes(publicJwk))),
        ),
        promiseKeys: promises.map(({ keyId, publicJwk }) => ({ keyId, publicKey: publicJwk.x ?? '' })),
      }
    },
    promiseSigner: async (tx) => signerOf(tx.tenantId, await keys.signer(tx, 'promise')),
    async promiseSignerOf(tenantId) {
      const keyId = await promiseKeys.submit(tenantId, undefined)
      const signer =
        keys.findOpenSigner(keyId) ?? (await database.transaction(tenantId, (tx) => keys.signerOf(tx, keyId)))
      return signerOf(tenantId, signer)
    },
  }
}

/** Which key is active is asked each time, for everyone who asks at once. */
async function findPromiseKeys(
  client: { query(text: string): Promise<{ rows: readonly { key_id: string }[] }> },
  asked: readonly undefined[],
): Promise<readonly string[]> {
  const { rows } = await client.query(`select key_id from signing_key where purpose = 'promise' and state = 'active'`)
  const keyId = rows[0]?.key_id
  if (keyId === undefined) throw new MayflyError('key_unusable', { log: 'no key for promises is active' })
  return asked.map(() => keyId)
}

function publicBytes(jwk: JsonWebKey): Uint8Array {
  return Buffer.from(jwk.x ?? '', 'base64url')
}
