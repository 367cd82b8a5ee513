import { conformanceCases, hostileTexts } from '@mayfly/provider-kit'
import { type SshPermission, sshProvider, type SshTarget } from '@mayfly/provider-ssh'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canLogIn, openSession, type PreparedSsh, prepareSsh, tester } from './ssh-fixture.ts'

describe('the ssh provider on sshd', () => {
  let prepared: PreparedSsh
  beforeAll(async () => {
    prepared = await prepareSsh()
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  /** Authority ends in the database before the target is touched; here, in what stands for it. */
  async function open(): Promise<SshTarget> {
    const target = await prepared.open()
    return {
      ...target,
      revoke(handles, report, signal) {
        if (!signal.aborted) prepared.ends.end(handles, new Date(Date.now() + 300_000))
        return target.revoke(handles, report, signal)
      },
    }
  }

  const cases = conformanceCases<PreparedSsh['settings'], SshPermission, PreparedSsh['secret']>({
    provider: sshProvider,
    open,
    permission: tester,
    hostilePermissions: [
      ...hostileTexts
        // `__proto__` is the name of a user like any other, and a certificate of none that is here lets nobody in.
        .filter((text) => text !== '__proto__')
        .map((text): SshPermission => ({ type: 'user', principals: [text], permit: [] })),
      { type: 'user', principals: [], permit: [] },
      { type: 'user', principals: ['mayfly-host'], permit: [] },
      { type: 'user', principals: ['tester'], permit: [], force_command: 'true\nfalse' },
      { type: 'host', principals: ['*'] },
    ],
    get adminSecrets() {
      return Object.values(prepared.secret).map((key) => key?.reveal() ?? '')
    },
    canLogIn: (account) => canLogIn(prepared, account),
    openSession: (account) => openSession(prepared, account),
  })
  test.concurrent.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
