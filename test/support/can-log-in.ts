import pg from 'pg'

/**
 * Tries a login for real.
 *
 * @returns true where it got in; false where the server refused the login (SQLSTATE class 28)
 * @throws everything else: a server that is down must not pass for one that refuses
 */
export async function canLogIn(login: {
  host: string
  port: number
  database: string
  user: string
  password: string
}): Promise<boolean> {
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code?.startsWith('28')) return false
    throw error
  } finally {
    await client.end()
  }
}
