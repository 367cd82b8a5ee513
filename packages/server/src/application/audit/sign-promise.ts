/** The signed promise that goes with an answer: this entry will be in the log within the maximum merge delay. */
import { encodePromise, type PromiseSigner } from '@mayfly/domain'
import type { AuditReceipt } from './audit-entry.ts'
import { maxMergeDelaySeconds } from './sequence-log.ts'

export interface PromiseLog {
  /** The origin of the tenant's log. */
  readonly origin: string
  readonly signer: PromiseSigner
}

/** Call it after the commit only: a promise for an entry that was rolled back would prove tampering that never was. */
export function signPromise(log: PromiseLog, receipt: AuditReceipt): string {
  return encodePromise(
    {
      log: log.origin,
      entryId: receipt.entryId,
      leafHash: receipt.leafHash,
      madeAt: receipt.at,
      mergeBy: new Date(receipt.at.getTime() + maxMergeDelaySeconds * 1_000),
    },
    log.signer,
  )
}
