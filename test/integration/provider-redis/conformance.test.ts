import { randomBytes } from 'node:crypto'
import { conformanceCases, hostileTexts, Secret } from '@mayfly/provider-kit'
import { redisProvider } from '@mayfly/provider-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  canLogIn,
  isTaken,
  logInAs,
  openSession,
  type Prepared,
  prepareRedis,
  readWrite,
  sessionOf,
} from './redis-fixture.ts'

describe('the redis provider', () => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await prepareRedis()
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  const cases = conformanceCases({
    provider: redisProvider,
    open: () => prepared.open(),
    permission: readWrite,
    hostilePermissions: [
      ...hostileTexts
        .map((text) => ({ ...readWrite, keys: [text] }))
        .filter(({ keys }) => keys[0] !== '__proto__' && keys[0] !== '../../etc/passwd'),
      ...hostileTexts.map((text) => ({ ...readWrite, commands: [text] })),
      // What the server would take as one word more, or as a right to do everything.
      { ...readWrite, keys: ['x +@all'] },
      { ...readWrite, channels: ['x\n+@all'] },
      { ...readWrite, commands: ['@all'] },
      { ...readWrite, commands: ['acl|setuser'] },
      { ...readWrite, commands: ['config'] },
      { ...readWrite, commands: ['no_such_command'] },
      { ...readWrite, keys: ['orders:{{customer}}'] },
    ],
    get adminSecrets() {
      return [prepared.mayflyLogin.password]
    },
    canLogIn: (account) => canLogIn(account),
    openSession,
    ownLogin: async () => {
      const own = await prepareRedis()
      return {
        secret: redisProvider.secret.parse(own.mayflyLogin),
        open: (secret) => redisProvider.open({ settings: own.settings, secret }),
        drop: async () => own[Symbol.asyncDispose](),
      }
    },
    staticAccount: async () => {
      const [account, first] = ['reporting', randomBytes(24).toString('base64url')]
      await prepared.run('ACL', 'SETUSER', account, 'reset', 'on', `>${first}`, '~reports:*', '+@read', '+ping')
      return {
        account,
        secret: new Secret(first),
        canLogIn: (secret) => isTaken(logInAs(prepared.access, account, secret.reveal())),
        openSession: async (secret) => sessionOf(await logInAs(prepared.access, account, secret.reveal())),
        drop: async () => void (await prepared.run('ACL', 'DELUSER', account)),
      }
    },
    // The key that guards a create is a write.
    holdCreates: async () => {
      await prepared.run('CLIENT', 'PAUSE', '30000', 'WRITE')
      return { release: async () => void (await prepared.run('CLIENT', 'UNPAUSE')) }
    },
  })
  // One after the other: a held-up target, or a saved ACL, is seen by whoever is there.
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
