import { setTimeout as pause } from 'node:timers/promises'
import { rabbitmqProvider } from '@mayfly/provider-rabbitmq'
import amqp from 'amqplib'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { benchPermission, startRabbitmqTarget } from '../rabbitmq-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

const askAgainMs = 50

export async function startDeadRabbitmq(): Promise<DeadTarget> {
  const bench = await startRabbitmqTarget()
  const { access } = bench
  const authorization = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString('base64')}`
  const connect = async (fields: Fields) => {
    const connection = await amqp.connect({
      hostname: access.host,
      port: access.port,
      username: textOf(fields, 'username'),
      password: textOf(fields, 'password'),
      vhost: '/',
    })
    connection.on('error', () => undefined)
    return connection
  }
  return {
    kind: 'rabbitmq',
    provider: rabbitmqProvider as unknown as Provider,
    // A login costs the broker and its client ten milliseconds of a core, and to list a thousand users five times that.
    watch: { logins: 2, sessions: 50, absentEveryMs: 100 },
    resource: {
      settings: { management_url: access.managementUrl, host: access.host, port: access.port, amqp_tls: false },
      secret: { username: access.username, password: access.password },
      permission: benchPermission,
    },
    async logIn(fields) {
      try {
        const connection = await connect(fields)
        await connection.close().catch(() => undefined)
        return true
      } catch (error) {
        if (
          /ACCESS.REFUSED|NOT.ALLOWED|Handshake terminated|Socket closed|got <ConnectionClose|403|530/i.test(
            String(error),
          )
        )
          return false
        throw error
      }
    },
    async hold(fields) {
      const connection = await connect(fields)
      return {
        ended: new Promise((resolve) => void connection.once('close', () => resolve())),
        close: () => void connection.close().catch(() => undefined),
      }
    },
    async present(handles) {
      const names = handles.map(({ accountName }) => accountName)
      for (;;) {
        const answer = await fetch(`${access.managementUrl}/api/users?columns=name`, { headers: { authorization } })
        // While users go it answers 500 at times; asked without a pause it would have no time to let them go.
        if (answer.status === 500) {
          await pause(askAgainMs)
          continue
        }
        const there = new Set(((await answer.json()) as readonly { name: string }[]).map(({ name }) => name))
        return new Set(names.filter((name) => there.has(name)))
      }
    },
    close: () => bench[Symbol.asyncDispose](),
  }
}
