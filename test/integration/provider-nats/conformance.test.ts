import { conformanceCases, hostileTexts } from '@mayfly/provider-kit'
import { type NatsPermission, natsProvider, type NatsTarget } from '@mayfly/provider-nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useServer } from '../../support/index.ts'
import { canLogIn, openSession, orders, type PreparedNats, prepareNats } from './nats-fixture.ts'

describe('the nats provider on nats-server in operator mode', () => {
  let prepared: PreparedNats
  beforeAll(async () => {
    prepared = await prepareNats(await useServer('nats'))
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  /** Authority ends in the database before the target is touched; here, in what stands for it. */
  async function open(): Promise<NatsTarget> {
    const target = await prepared.open()
    return {
      ...target,
      revoke(handles, report, signal) {
        if (!signal.aborted) prepared.ends.end(handles, new Date(Date.now() + 300_000))
        return target.revoke(handles, report, signal)
      },
    }
  }

  const cases = conformanceCases<typeof prepared.settings, NatsPermission, never>({
    provider: natsProvider as never,
    open,
    permission: orders,
    hostilePermissions: [
      // `__proto__` is a subject like any other.
      ...hostileTexts
        .filter((text) => text !== '__proto__')
        .map((text) => ({ ...orders, publish: { allow: [text], deny: [] } })),
      { ...orders, subscribe: { allow: ['a.>.b'], deny: [] } },
      { ...orders, subscribe: { allow: ['orders.* workers'], deny: [] } },
      { ...orders, publish: { allow: ['a..b'], deny: [] } },
      { ...orders, publish: { allow: ['orders.{{name()}}'], deny: [] } },
      { private_inbox: true },
    ],
    get adminSecrets() {
      return Object.values(prepared.secret)
    },
    canLogIn: (account) => canLogIn(account),
    openSession: (account) => openSession(account),
  })
  test.concurrent.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
