import type { DueCredential } from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import { requestRevocation, type RevocationRequest } from './request-revocation.ts'

/** Ends these credentials and no others, by one revocation for each environment that they are in. */
export async function endCredentials(
  tx: Tx,
  credentials: readonly DueCredential[],
  why: Pick<RevocationRequest, 'cause' | 'requestedBy' | 'now'>,
): Promise<void> {
  for (const [environment, rows] of Map.groupBy(credentials, (row) => row.environment)) {
    const only = rows.map((row) => row.credential_id)
    const [single] = only
    // A revocation of its own for one; for many, one whose selector says where they were.
    const selector =
      single !== undefined && only.length === 1
        ? ({ kind: 'credential', id: single } as const)
        : ({ kind: 'environment', id: environment } as const)
    await requestRevocation(tx, { selector, ...why, only })
  }
}
