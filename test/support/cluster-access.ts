import pg from 'pg'
import type { ClusterAccess } from './provided.ts'

/** A `postgres://` URL to a database of a test cluster; default login: the superuser. */
export function clusterUrl(
  cluster: ClusterAccess,
  database: string,
  login: { user: string; password: string } = { user: cluster.superuser, password: cluster.superuserPassword },
): string {
  const { user, password } = login
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${cluster.host}:${cluster.port}/${encodeURIComponent(database)}`
}

/** Runs `use` with one open connection, and closes it whatever happens. */
export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  // A connection that the server cuts emits an error beside the failing query; unheard, it ends the process.
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
