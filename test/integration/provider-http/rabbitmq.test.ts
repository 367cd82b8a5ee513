/** The `http` provider at a system that is not ours: the management API of a real RabbitMQ, with the template of the guide. */
import { httpPermission, httpProvider } from '@mayfly/provider-http'
import { conformanceCases, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Broker, makeStaticAccount, openBroker } from '../provider-rabbitmq/rabbitmq-fixture.ts'
import { brokerTemplate, openTemplate } from './rabbitmq-template.ts'

let broker: Broker
beforeAll(async () => {
  broker = await openBroker()
}, 120_000)

function loginOf({ fields: { account, password } }: IssuedAccount): readonly [string, string] {
  return [String(account), password instanceof Secret ? password.reveal() : '']
}

const { permission } = brokerTemplate('https://rabbit.example.com', 'mayfly')
const { vhost = '', read = '', write = '' } = permission.values
const cases = conformanceCases({
  provider: httpProvider,
  open: () => openTemplate(broker),
  permission: httpPermission.parse(permission),
  hostilePermissions: [
    { values: { vhost, read: '.*', write } },
    { values: { vhost: '/"}],"users":[{"name":"evil","tags":"administrator', read, write } },
    { values: { vhost, read: [read, '.*'], write } },
    { values: { vhost, read, write, tags: 'administrator' } },
    { values: { vhost, read } },
  ],
  canLogIn: (account) => broker.canLogIn(...loginOf(account)),
  openSession: (account) => broker.openSession(...loginOf(account)),
  get adminSecrets() {
    return [broker.access.password]
  },
  staticAccount: () => makeStaticAccount(broker, 'management API'),
})

describe('the `http` provider at the management API of a real RabbitMQ', { timeout: 120_000 }, () => {
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
