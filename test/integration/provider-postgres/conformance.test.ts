import { conformanceCases, hostileTexts } from '@mayfly/provider-kit'
import { postgresProvider } from '@mayfly/provider-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Certified,
  clientOf,
  makeHolderKey,
  openConfig,
  prepareCertified,
  tryConfig,
} from './certificate-fixture.ts'
import {
  type Prepared,
  canLogIn,
  everyWay,
  makeStaticAccount,
  openSession,
  preparePostgres,
} from './postgres-fixture.ts'

describe.each(everyWay)('the postgres provider on PostgreSQL $version by $mode', ({ version, mode }) => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await preparePostgres(version, mode)
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  const cases = conformanceCases({
    provider: postgresProvider,
    open: () => prepared.open(),
    get permission() {
      return { member_of: [prepared.readers] }
    },
    get hostilePermissions() {
      return [
        ...hostileTexts.map((text) => ({ member_of: [text] })),
        // A role that is there, and that nobody may be put into.
        { member_of: [prepared.superuser] },
        { member_of: [prepared.readers, prepared.superuser] },
      ]
    },
    get adminSecrets() {
      return [prepared.mayflyLogin.password]
    },
    canLogIn,
    openSession,
    ownLogin: async () => {
      // Of a target of its own: the other cases go on with their login.
      const own = await preparePostgres(version, mode)
      return {
        secret: postgresProvider.secret.parse(own.mayflyLogin),
        open: (secret) => postgresProvider.open({ settings: own.settings, secret }),
        drop: async () => own[Symbol.asyncDispose](),
      }
    },
    staticAccount: () => makeStaticAccount(prepared),
    // Held by a lock of this database alone: by createrole there is none that other tests would not feel.
    ...(mode === 'functions' && {
      holdCreates: async () => {
        const client = new pg.Client(prepared.superuserUrl)
        await client.connect()
        await client.query('begin; lock table mayfly.permitted_group in access exclusive mode')
        return { release: () => client.end() }
      },
    }),
  })
  test.concurrent.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})

describe.each([
  { version: 18, mode: 'createrole' },
  { version: 15, mode: 'functions' },
] as const)('the postgres provider with client certificates on PostgreSQL $version by $mode', ({ version, mode }) => {
  /** One workload's, for all that is issued. */
  const key = makeHolderKey()
  let certified: Certified
  beforeAll(async () => {
    certified = await prepareCertified(version, mode)
  })
  afterAll(() => certified[Symbol.asyncDispose]())

  const cases = conformanceCases({
    provider: postgresProvider,
    async open() {
      const target = await certified.open()
      return {
        ...target,
        issue: (handle, request, signal) => target.issue(handle, { ...request, holder: key }, signal),
      }
    },
    get permission() {
      return { member_of: [certified.prepared.readers] }
    },
    get hostilePermissions() {
      return [...hostileTexts, certified.prepared.superuser].map((text) => ({ member_of: [text] }))
    },
    get adminSecrets() {
      const { password, client_ca_private_key_pem: authorityKey } = certified.secret
      return [password.reveal(), ...(authorityKey === undefined ? [] : [authorityKey.reveal()])]
    },
    async canLogIn(account) {
      const seen = await tryConfig(certified.login(account, clientOf(account, key)))
      if (seen === 'in' || seen === 'refused') return seen === 'in'
      throw new Error(seen)
    },
    openSession: (account) => openConfig(certified.login(account, clientOf(account, key))),
    ownLogin: async () => {
      const own = await prepareCertified(version, mode)
      return {
        secret: own.secret,
        open: (secret) => own.open({}, secret),
        drop: async () => own[Symbol.asyncDispose](),
      }
    },
    staticAccount: () => makeStaticAccount(certified.prepared),
  })
  test.concurrent.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
