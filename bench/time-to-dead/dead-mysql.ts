import { mysqlProvider } from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { role, startMysqlTarget } from '../mysql-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

/** Access denied, no such account, account locked (MariaDB, error codes). */
const refusals = new Set([1044, 1045, 1698, 3118, 4151])

export async function startDeadMysql(): Promise<DeadTarget> {
  const bench = await startMysqlTarget(8)
  const admin = await mysql.createConnection(bench.administrator)
  const connect = async (fields: Fields) => {
    const connection = await mysql.createConnection({
      host: bench.host,
      port: bench.port,
      user: textOf(fields, 'username'),
      password: textOf(fields, 'password'),
    })
    connection.on('error', () => undefined)
    return connection
  }
  return {
    kind: 'mysql',
    provider: mysqlProvider as unknown as Provider,
    resource: {
      settings: { host: bench.host, port: bench.port, tls: { mode: 'disabled_loopback_only' } },
      secret: bench.secret,
      permission: { role },
    },
    async logIn(fields) {
      try {
        const connection = await connect(fields)
        await connection.end()
        return true
      } catch (error) {
        if (error instanceof Error && 'errno' in error && refusals.has(Number(error.errno))) return false
        // Ended by the target between its login and its goodbye.
        if (error instanceof Error && 'code' in error && error.code === 'PROTOCOL_CONNECTION_LOST') return false
        throw error
      }
    },
    async hold(fields) {
      const connection = await connect(fields)
      return {
        ended: new Promise((resolve) => {
          connection.once('error', () => resolve())
          connection.once('end', () => resolve())
        }),
        close: () => connection.destroy(),
      }
    },
    async present(handles) {
      const names = handles.map(({ accountName }) => accountName)
      const [rows] = await admin.query<mysql.RowDataPacket[]>('select user from mysql.user where user in (?)', [names])
      return new Set(rows.map((row) => String(row['user'] ?? row['User'])))
    },
    async close() {
      await admin.end()
      await bench.close()
    },
  }
}
