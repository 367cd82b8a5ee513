/**
 * The limit of issuing an account on MariaDB: an administrator sends CREATE USER with a hash, GRANT and SET DEFAULT ROLE
 * in one message, over connections that are open already. It checks neither the role nor a deadline.
 */
import { createHash } from 'node:crypto'
import mysql from 'mysql2/promise'

/** @returns accounts a second */
export async function measureRawMysqlIssue(
  administrator: mysql.ConnectionOptions,
  accounts: readonly { readonly name: string; readonly password: string }[],
  role: string,
  inFlight: number,
): Promise<number> {
  const connections = await Promise.all(Array.from({ length: inFlight }, () => mysql.createConnection(administrator)))
  const waiting = accounts.values()
  const startMs = performance.now()
  await Promise.all(
    connections.map(async (connection) => {
      for (const { name, password } of waiting) {
        await connection.query(
          `create user ${name} identified via mysql_native_password using '${hashOf(password)}' with max_user_connections 10; grant ${role} to ${name}; set default role ${role} for ${name}`,
        )
      }
    }),
  )
  const rate = (accounts.length * 1_000) / (performance.now() - startMs)
  for (const connection of connections) connection.destroy()
  return rate
}

function hashOf(password: string): string {
  const once = createHash('sha1').update(password).digest()
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
}
