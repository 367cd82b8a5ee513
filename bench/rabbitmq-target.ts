import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rabbitmqProvider, rabbitmqSecret, rabbitmqSettings } from '@mayfly/provider-rabbitmq'
import { startRabbitmq } from '../test/support/servers/start-rabbitmq.ts'
import { openRawBroker } from './limits/rabbitmq.ts'

/** A broker of its own, our way to it and the raw one. */
export async function startRabbitmqTarget() {
  const dir = await mkdtemp(join(tmpdir(), 'mayfly-bench-rabbitmq-'))
  await chmod(dir, 0o711)
  const server = await startRabbitmq(dir)
  const { access } = server
  const { managementUrl, host, port, username, password } = access
  const target = await rabbitmqProvider.open({
    settings: rabbitmqSettings.parse({ management_url: managementUrl, host, port, amqp_tls: false }),
    secret: rabbitmqSecret.parse({ username, password }),
  })
  const raw = openRawBroker(managementUrl, username, password)
  return {
    access,
    target,
    raw,
    async [Symbol.asyncDispose]() {
      raw.close()
      await target.close()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export const benchPermission = { vhost: '/', configure: [], write: [], read: [] }
