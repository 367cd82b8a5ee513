import type { Tx } from '../../store/database.ts'
import { askForReissue } from '../../store/host-event-rows.ts'
import { type Actor, actorRecord } from '../context.ts'
import { requestRevocation } from '../revocation/request-revocation.ts'

/** Revokes all that a compromised key has signed, by the one path, and tells everyone connected to fetch anew. */
export async function endCompromised(
  tx: Tx,
  keyId: string,
  by: { readonly actor: Actor; readonly now: Date; readonly requestId: string },
  why: string,
): Promise<void> {
  await requestRevocation(tx, {
    selector: { kind: 'svid_authority', id: keyId },
    cause: 'key_compromised',
    requestedBy: actorRecord(by.actor),
    now: by.now,
    requestId: by.requestId,
  })
  await askForReissue(tx, why)
}
