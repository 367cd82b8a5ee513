import { conformanceCases, hostileTexts } from '@mayfly/provider-kit'
import { mysqlProvider } from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  canLogIn,
  makeStaticAccount,
  openSession,
  type Prepared,
  prepareMysql,
  startOwnServer,
} from './mysql-fixture.ts'

describe.each([
  { performanceSchema: 'on', settings: [] },
  { performanceSchema: 'off', settings: ['--performance-schema=OFF'] },
])('the mysql provider on MariaDB, performance_schema $performanceSchema', ({ settings }) => {
  let server: Awaited<ReturnType<typeof startOwnServer>>
  let prepared: Prepared
  beforeAll(async () => {
    // Of its own: a create is held up by what holds up all of the server.
    server = await startOwnServer(settings)
    prepared = await prepareMysql(server.access)
  })
  afterAll(async () => {
    await prepared?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  const cases = conformanceCases({
    provider: mysqlProvider,
    open: () => prepared.open(),
    get permission() {
      return { role: prepared.readers }
    },
    get hostilePermissions() {
      return [
        ...hostileTexts.map((text) => ({ role: text })),
        // Roles that are there, and that nobody may be given.
        { role: 'public' },
        { role: 'root' },
        { role: `${prepared.readers}\`, \`${prepared.writers}` },
      ]
    },
    get adminSecrets() {
      return [prepared.mayflyLogin.password]
    },
    canLogIn: (account) => canLogIn(account),
    openSession,
    ownLogin: async () => {
      // Of a schema of its own: the other cases go on with their login.
      const own = await prepareMysql(server.access)
      return {
        secret: mysqlProvider.secret.parse(own.mayflyLogin),
        open: (secret) => mysqlProvider.open({ settings: own.settings, secret }),
        drop: async () => own[Symbol.asyncDispose](),
      }
    },
    staticAccount: () => makeStaticAccount(prepared),
    holdCreates: async () => {
      const holder = await mysql.createConnection({ socketPath: server.access.socketPath, user: 'root' })
      await holder.query('flush tables with read lock')
      return { release: () => holder.end() }
    },
  })
  // One after the other: a held create holds up those of the others too.
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
