/** The log of the tests: apart from the fixture, because a process without vitest uses it too. */
import type { KeyObject } from 'node:crypto'
import { defaultTenantId, noteVerifier, type TenantId, verifierKey } from '@mayfly/domain'
import {
  ed25519PublicBytes,
  ed25519Sign,
  verifyEd25519,
} from '../../../packages/server/src/application/audit/ed25519.ts'
import type { TenantLog } from '../../../packages/server/src/application/audit/sequence-log.ts'
import { sha256 } from '../../../packages/server/src/application/audit/sha256.ts'

export const origin = 'mayfly.example/log/default'
export const tenantId: TenantId = defaultTenantId
export const neverAborted = new AbortController().signal

export function tenantLog(privateKey: KeyObject): TenantLog {
  const key = verifierKey(sha256, origin, ed25519PublicBytes(privateKey))
  return {
    tenantId,
    signer: { name: key.name, keyId: key.keyId, sign: ed25519Sign(privateKey) },
    verifiers: [noteVerifier(key, verifyEd25519)],
  }
}
