/**
 * The limit of issuing a login on PostgreSQL: a superuser sends CREATE ROLE and GRANT in one message and one
 * transaction, over connections that are open already, at 4,096 SCRAM iterations.
 *
 * Two ways of doing it. `verifier`: the client derives the SCRAM verifier, so that the password never stands in a
 * statement log; the same job as ours. `plain`: the password goes over as it is, and only the server derives (to look
 * at a verifier that is sent costs it the same: it must not be that of the empty password). On a machine that is
 * client and server at once, the difference between the two is the client's derivation.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import pg from 'pg'

export type RawPassword = 'verifier' | 'plain'

const derive = promisify(pbkdf2)
const iterations = 4_096

/** @returns logins a second */
export async function measureRawIssue(
  connection: pg.ClientConfig,
  logins: readonly { readonly name: string; readonly password: string }[],
  group: string,
  inFlight: number,
  how: RawPassword,
): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const client = new pg.Client(connection)
      await client.connect()
      return client
    }),
  )
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const waiting = logins.values()
  const startMs = performance.now()
  await Promise.all(
    clients.map(async (client) => {
      for (const { name, password } of waiting) {
        const sent = how === 'plain' ? password : await makeVerifier(password)
        await client.query(
          `create role ${name} login password '${sent}' valid until '${expiresAt}' connection limit 10; grant ${group} to ${name}`,
        )
      }
    }),
  )
  const rate = (logins.length * 1_000) / (performance.now() - startMs)
  await Promise.all(clients.map((client) => client.end()))
  return rate
}

async function makeVerifier(password: string): Promise<string> {
  const salt = randomBytes(16)
  const salted = await derive(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}
