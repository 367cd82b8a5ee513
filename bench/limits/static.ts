/**
 * The limits of static secrets. To tell one: it is unsealed and a row says who was told, durable, and nothing else. To end a
 * version at Redis: its user gets another password in one command, which is kept in the ACL file, its connections are
 * closed, the new password is taken and the old one refused.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { CredentialId } from '@mayfly/domain'
import type { Database } from '../../packages/server/src/store/database.ts'
import { withTenantConnection } from '../tenant-connection.ts'
import { inLanes } from './http-calls.ts'
import { logsInRaw, type RawRedis } from './redis-raw.ts'

/** @returns readers a second */
export async function measureRawReads(
  database: Pick<Database, 'withClient'>,
  { credentialIds, inFlight }: { readonly credentialIds: readonly CredentialId[]; readonly inFlight: number },
): Promise<number> {
  const key = randomBytes(32)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(randomBytes(32).toString('base64url')), cipher.final()])
  const tag = cipher.getAuthTag()
  const waiting = credentialIds.values()
  const startMs = performance.now()
  await inLanes(inFlight, Array.from({ length: inFlight }), () =>
    withTenantConnection(database, async (client) => {
      for (const credentialId of waiting) {
        await client.query({
          name: 'raw_read',
          text: `insert into secret_read (credential_id, secret_version_id, read_at)
                 select $1, secret_version_id, now() from secret_version where state = 'current'`,
          values: [credentialId],
        })
        const opener = createDecipheriv('aes-256-gcm', key, nonce)
        opener.setAuthTag(tag)
        opener.update(sealed)
        opener.final()
      }
    }),
  )
  return (credentialIds.length * 1_000) / (performance.now() - startMs)
}

/** @returns seconds until the old password was seen refused */
export async function measureRawRotation(
  admin: RawRedis,
  access: Parameters<typeof logsInRaw>[0],
  account: string,
  passwords: { readonly old: string; readonly next: string },
): Promise<number> {
  const startMs = performance.now()
  await admin.send(['ACL', 'SETUSER', account, 'resetpass', `>${passwords.next}`])
  await admin.send(['ACL', 'SAVE'])
  await admin.send(['CLIENT', 'KILL', 'USER', account])
  if (!(await logsInRaw(access, account, passwords.next))) throw new Error('the new password is refused')
  if (await logsInRaw(access, account, passwords.old)) throw new Error('the old password is still taken')
  return (performance.now() - startMs) / 1_000
}
