import { conformanceCases, Secret } from '@mayfly/provider-kit'
import { rabbitmqPermission, rabbitmqProvider } from '@mayfly/provider-rabbitmq'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Broker, loginOf, makeStaticAccount, openBroker } from './rabbitmq-fixture.ts'

let broker: Broker
beforeAll(async () => {
  broker = await openBroker()
}, 120_000)

const cases = conformanceCases({
  provider: rabbitmqProvider,
  open: () => broker.open(),
  permission: rabbitmqPermission.parse({ vhost: '/', read: ['orders.*'] }),
  hostilePermissions: [
    { vhost: 'no-such-vhost', configure: [], write: [], read: [] },
    { vhost: '/"}],"users":[{"name":"evil', configure: [], write: [], read: [] },
  ],
  canLogIn: (account) => {
    const { username, password } = loginOf(account)
    return broker.canLogIn(username, password)
  },
  openSession: (account) => {
    const { username, password } = loginOf(account)
    return broker.openSession(username, password)
  },
  get adminSecrets() {
    return [broker.access.password]
  },
  async ownLogin() {
    const made = await broker.makeUser('administrator')
    return {
      secret: { username: made.username, password: new Secret(made.password) },
      open: ({ username, password }) => broker.open({ username, password: password.reveal() }),
      drop: async () => void (await made.drop()),
    }
  },
  staticAccount: () => makeStaticAccount(broker, 'AMQP'),
})

describe('the `rabbitmq` provider at a real broker', { timeout: 120_000 }, () => {
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
