/**
 * Tells at start whether this server has the right key-encryption key, before anything is sealed under a wrong one.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import type { Database } from '../../store/database.ts'
import { findInstallation, insertInstallation } from '../../store/key-rows.ts'
import type { KeyEncryptionKey, KeyEncryptionKeys } from './key-encryption-key.ts'

export type InstallationCheck =
  /** The installation's key is the current one. */
  | { readonly outcome: 'current'; readonly installationId: string }
  /** It is the previous one: wrap every data key again (`rewrapDataKeys`). */
  | { readonly outcome: 'previous'; readonly installationId: string; readonly previous: KeyEncryptionKey }

/**
 * At the very first start it remembers the key's check value; ever after it compares.
 *
 * @throws MayflyError `key_unusable`: the key that was given is not the installation's
 */
export async function checkInstallation(
  database: Database,
  keks: KeyEncryptionKeys,
  now: Date,
): Promise<InstallationCheck> {
  const row = await database.outsideTenants(async (query) => {
    const fresh = { kek_id: keks.current.keyId, kek_check: keks.current.checkValue, created_at: now }
    if ((await findInstallation(query)) === undefined) {
      await insertInstallation(query, { installation_id: randomUUID(), ...fresh })
    }
    return findInstallation(query)
  })
  if (row === undefined) throw new MayflyError('internal', { log: 'the installation row cannot be read back' })
  if (fits(keks.current, row)) return { outcome: 'current', installationId: row.installation_id }
  if (keks.previous !== undefined && fits(keks.previous, row)) {
    return { outcome: 'previous', installationId: row.installation_id, previous: keks.previous }
  }
  throw new MayflyError('key_unusable', {
    publicDetail: `the key-encryption key \`${keks.current.keyId}\` is not this installation's, which is \`${row.kek_id}\``,
    hint: 'give the file that it was started with as `MAYFLY_KEK_FILE`; to change keys, give the new one there and the former as `MAYFLY_KEK_PREVIOUS_FILE`',
  })
}

function fits(kek: KeyEncryptionKey, row: { kek_id: string; kek_check: Buffer }): boolean {
  return (
    kek.keyId === row.kek_id &&
    kek.checkValue.length === row.kek_check.length &&
    timingSafeEqual(kek.checkValue, row.kek_check)
  )
}
