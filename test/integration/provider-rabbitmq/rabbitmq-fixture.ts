/** What tests do around the provider: log in by AMQP, hold a connection, ask the management API as somebody else. */
import { randomBytes } from 'node:crypto'
import { type IssuedAccount, Secret, type StaticAccount } from '@mayfly/provider-kit'
import { rabbitmqProvider, rabbitmqSecret, rabbitmqSettings, type RabbitmqTarget } from '@mayfly/provider-rabbitmq'
import amqp from 'amqplib'
import { until, useServer } from '../../support/index.ts'

export type Broker = Awaited<ReturnType<typeof openBroker>>

export async function openBroker() {
  const access = await useServer('rabbitmq')
  const settings = { management_url: access.managementUrl, host: access.host, port: access.port, amqp_tls: false }
  const headers = {
    authorization: `Basic ${Buffer.from(`${access.username}:${access.password}`).toString('base64')}`,
    'content-type': 'application/json',
  }

  async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${access.managementUrl}/api/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
  }

  /** @returns undefined where RabbitMQ refuses the login or the virtual host */
  async function connect(username: string, password: string): Promise<amqp.ChannelModel | undefined> {
    try {
      const connection = await amqp.connect({
        hostname: access.host,
        port: access.port,
        username,
        password,
        vhost: '/',
      })
      // A connection that the broker closes says so here; unheard it would end the process.
      connection.on('error', () => undefined)
      return connection
    } catch (error) {
      if (/ACCESS.REFUSED|NOT.ALLOWED|Handshake terminated|403|530/i.test(String(error))) return undefined
      throw error
    }
  }

  return {
    access,
    settings,
    ask,
    connect,
    open: (secret: { username: string; password: string } = access): Promise<RabbitmqTarget> =>
      rabbitmqProvider.open({
        settings: rabbitmqSettings.parse(settings),
        secret: rabbitmqSecret.parse({ username: secret.username, password: secret.password }),
      }),
    async canLogIn(username: string, password: string): Promise<boolean> {
      const connection = await connect(username, password)
      await connection?.close()
      return connection !== undefined
    },
    /** True where the management API lets this user in: only one with a tag ever is. */
    async letsIn(username: string, password: string): Promise<boolean> {
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      const { status } = await fetch(`${access.managementUrl}/api/whoami`, { headers: { authorization } })
      if (status !== 200 && status !== 401) throw new Error(`whoami answered with ${status}`)
      return status === 200
    },
    async openSession(username: string, password: string) {
      const connection = await connect(username, password)
      if (connection === undefined) throw new Error(`${username} cannot log in`)
      // The broker counts a connection some milliseconds after it is open.
      const mine = async () => (await ask('GET', `connections/username/${username}`)).body as readonly unknown[]
      await until(async () => (await mine()).length > 0, { describe: `${username} is seen as connected` })
      let closed = false
      connection.on('close', () => (closed = true))
      return {
        /** By using it: a channel is opened and closed. */
        async isAlive(): Promise<boolean> {
          if (closed) return false
          try {
            const channel = await connection.createChannel()
            await channel.close()
            return true
          } catch {
            return false
          }
        },
        async close(): Promise<void> {
          if (!closed) await connection.close().catch(() => undefined)
        },
      }
    },
    /** A user that Mayfly did not make. */
    async makeUser(tags: string) {
      const username = `test-${randomBytes(5).toString('hex')}`
      const password = randomBytes(18).toString('base64url')
      await ask('PUT', `users/${username}`, { password, tags })
      await ask('PUT', `permissions/%2F/${username}`, { configure: '', write: '', read: '' })
      return { username, password, drop: () => ask('DELETE', `users/${username}`) }
    },
  }
}

/** An account that Mayfly did not make. To the management API only one with a tag can log in. */
export async function makeStaticAccount(broker: Broker, by: 'AMQP' | 'management API'): Promise<StaticAccount> {
  const { username, password, drop } = await broker.makeUser(by === 'AMQP' ? '' : 'monitoring')
  const letsIn = (secret: Secret) => broker.letsIn(username, secret.reveal())
  const parts: Pick<StaticAccount, 'canLogIn' | 'openSession'> =
    by === 'AMQP'
      ? {
          canLogIn: (secret) => broker.canLogIn(username, secret.reveal()),
          openSession: (secret) => broker.openSession(username, secret.reveal()),
        }
      : {
          canLogIn: letsIn,
          openSession: async (secret) => ({ isAlive: () => letsIn(secret), close: async () => undefined }),
        }
  return { account: username, secret: new Secret(password), ...parts, drop: async () => void (await drop()) }
}

export function loginOf({ fields }: IssuedAccount): { readonly username: string; readonly password: string } {
  const { username, password } = fields
  return { username: String(username), password: password instanceof Secret ? password.reveal() : '' }
}
