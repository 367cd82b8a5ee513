import { randomBytes } from 'node:crypto'
import { httpPermission, httpProvider, httpSecret, httpSettings } from '@mayfly/provider-http'
import { conformanceCases, type IssuedAccount, Secret } from '@mayfly/provider-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTokenServer, type TokenServer, tokenSettings } from './token-server.ts'

let server: TokenServer
beforeAll(async () => {
  server = await startTokenServer()
})
afterAll(() => server?.[Symbol.asyncDispose]())

const letsIn = ({ fields: { token, account } }: IssuedAccount): Promise<boolean> =>
  server.letsIn(token instanceof Secret ? token.reveal() : '', String(account))

const cases = conformanceCases({
  provider: httpProvider,
  open: () =>
    httpProvider.open({
      settings: httpSettings.parse(tokenSettings(server.url)),
      secret: httpSecret.parse({ value: server.adminToken }),
    }),
  permission: httpPermission.parse({ values: { scope: 'read' } }),
  hostilePermissions: [
    { values: { scope: 'admin' } },
    { values: { scope: '"}, {"scope": "deploy' } },
    { values: { scope: ['read', 'root'] } },
    { values: { scope: 'read', more: 'deploy' } },
    { values: {} },
  ],
  canLogIn: letsIn,
  async openSession(account) {
    return { isAlive: () => letsIn(account), close: async () => undefined }
  },
  get adminSecrets() {
    return [server.adminToken]
  },
  async staticAccount() {
    const account = `svc-${randomBytes(4).toString('hex')}`
    const secret = new Secret(randomBytes(18).toString('base64url'))
    server.addAccount(account, secret.reveal())
    const canLogIn = async (one: Secret) => server.letsAccountIn(account, one.reveal())
    return {
      account,
      secret,
      canLogIn,
      openSession: async (one) => ({ isAlive: () => canLogIn(one), close: async () => undefined }),
      drop: async () => undefined,
    }
  },
})

describe('the `http` provider at a system that hands out tokens', () => {
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
