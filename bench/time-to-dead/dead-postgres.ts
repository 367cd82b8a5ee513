import pg from 'pg'
import { group, startBenchTarget } from '../postgres-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

/** 28P01 and 28000 (PostgreSQL, appendix A): the login is refused. */
const refusals = new Set(['28P01', '28000'])

export async function startDeadPostgres(): Promise<DeadTarget & { readonly superuser: string }> {
  const bench = await startBenchTarget(18)
  const { host, port, database, login } = bench.place
  const admin = new pg.Client(bench.superuser)
  await admin.connect()
  const connect = async (fields: Fields) => {
    const client = new pg.Client(textOf(fields, 'connection_url'))
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  return {
    kind: 'postgres',
    superuser: bench.superuser.connectionString ?? '',
    resource: {
      // Few iterations: making the logins is not what is measured.
      settings: {
        host,
        port,
        database,
        tls: { mode: 'disabled_loopback_only' },
        scram_iterations: 16,
        scram_iterations_reason: 'a random password needs no more',
      },
      secret: login,
      permission: { member_of: [group] },
    },
    async logIn(fields) {
      try {
        await (await connect(fields)).end()
        return true
      } catch (error) {
        if (error instanceof pg.DatabaseError && refusals.has(error.code ?? '')) return false
        // Ended by the target between its login and its goodbye.
        if (error instanceof pg.DatabaseError && error.code === '57P01') return false
        throw error
      }
    },
    async hold(fields) {
      const client = await connect(fields)
      return {
        ended: new Promise((resolve) => void client.once('end', () => resolve())),
        close: () => void client.end().catch(() => undefined),
      }
    },
    async present(handles) {
      const names = handles.map(({ accountName }) => accountName)
      const { rows } = await admin.query<{ rolname: string }>('select rolname from pg_roles where rolname = any ($1)', [
        names,
      ])
      return new Set(rows.map((row) => row.rolname))
    },
    async close() {
      await admin.end()
      await bench.close()
    },
  }
}
