import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { redisProvider } from '@mayfly/provider-redis'
import { describe, expect, test } from 'vitest'
import { makeTempDir, type RedisServer, startRedis, until } from '../../support/index.ts'
import { canLogIn, codeOf, noSignal, type Prepared, prepareOn, recordReport, revoke } from './redis-fixture.ts'

interface WithFile extends AsyncDisposable {
  readonly server: RedisServer
  readonly prepared: Prepared
  /** What would be read at the next start. */
  file(): Promise<string>
  saves(): Promise<number>
}

async function prepareWithFile(): Promise<WithFile> {
  const dir = await makeTempDir('redis')
  const server = await startRedis(dir, { withAclFile: true })
  const prepared = await prepareOn([server.access])
  return {
    server,
    prepared,
    file: () => readFile(join(dir, `redis-${server.access.port}`, 'users.acl'), 'utf8'),
    async saves() {
      const stats = await prepared.run('INFO', 'commandstats')
      return Number(/cmdstat_acl\|save:calls=(\d+)/.exec(stats)?.[1] ?? 0)
    },
    async [Symbol.asyncDispose]() {
      await prepared[Symbol.asyncDispose]()
      await server.stop()
    },
  }
}

async function listed(prepared: Prepared): Promise<readonly string[]> {
  const names: string[] = []
  for await (const name of prepared.target.listAccounts(noSignal)) names.push(name)
  return names
}

describe('the ACL file of Redis', () => {
  test('is never written for credentials that nobody saved', async () => {
    await using own = await prepareWithFile()
    // From now on Mayfly knows when the file was written.
    await own.prepared.issue()
    // A server tells its start in whole seconds: what is younger than that may be from before.
    await until(async () => Number(/uptime_in_seconds:(\d+)/.exec(await own.prepared.run('INFO', 'server'))?.[1]) > 4, {
      describe: 'the server is a few seconds old',
    })
    const before = await own.saves()
    const [first, second] = [await own.prepared.issue(), await own.prepared.issue()]
    expect((await revoke(own.prepared.target, first.handle)).removedNames).toEqual([first.name])
    // Another server of Mayfly, or this one after a start, knows of no reason either.
    const other = await own.prepared.open()
    expect((await revoke(other, second.handle)).removedNames).toEqual([second.name])
    await other.close()
    expect(await own.saves()).toBe(before)
    expect(await own.file()).not.toContain('mf_')
  })

  test('a user that somebody saved is saved out, and does not come back with a restart', async () => {
    await using own = await prepareWithFile()
    const { prepared, server } = own
    const issued = await prepared.issue()
    await prepared.run('ACL', 'SAVE')
    expect(await own.file(), 'control: it is in the file').toContain(issued.name)
    const report = await revoke(prepared.target, issued.handle)
    expect(report.removedNames).toEqual([issued.name])
    expect(await own.file()).not.toContain(issued.name)
    await server.restart()
    expect(await canLogIn(issued.account)).toBe(false)
  })

  test('control: one that is only deleted comes back, is seen, and is then ended for good', async () => {
    await using own = await prepareWithFile()
    const { prepared, server } = own
    const issued = await prepared.issue()
    await prepared.run('ACL', 'SAVE')
    await prepared.run('ACL', 'DELUSER', issued.name)
    expect(await canLogIn(issued.account)).toBe(false)
    await server.restart()
    expect(await canLogIn(issued.account), 'it is back').toBe(true)
    expect(await prepared.target.observe([issued.handle], noSignal)).toMatchObject([{ state: 'usable' }])
    expect(await listed(prepared)).toEqual([issued.name])
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
    await server.restart()
    expect(await canLogIn(issued.account)).toBe(false)
    expect(await listed(prepared)).toEqual([])
  })

  test('one that came back with the start of a node that is slow to answer is saved out all the same', async () => {
    await using own = await prepareWithFile()
    const { prepared, server } = own
    const issued = await prepared.issue()
    await prepared.run('ACL', 'SAVE')
    await server.restart()
    // Answers late, and by then tells of more seconds than had passed when it was asked.
    await prepared.run('CLIENT', 'PAUSE', '4000', 'ALL')
    expect((await revoke(await prepared.open(), issued.handle)).removedNames).toEqual([issued.name])
    expect(await own.file()).not.toContain(issued.name)
  })

  test('ACL LOAD brings a saved one back and ends every connection; Mayfly goes on, and ends it', async () => {
    await using own = await prepareWithFile()
    const { prepared } = own
    const issued = await prepared.issue()
    await prepared.run('ACL', 'SAVE')
    await prepared.run('ACL', 'DELUSER', issued.name)
    await prepared.run('ACL', 'LOAD').catch(() => '')
    expect(await canLogIn(issued.account), 'it is back').toBe(true)
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
    expect(await own.file()).not.toContain(issued.name)
    expect(await canLogIn((await prepared.issue()).account)).toBe(true)
  })

  test('a connection that the target ends while an answer is on its way holds no end up, nor is the file forgotten', async () => {
    await using own = await prepareWithFile()
    const { prepared } = own
    for (let round = 0; round < 20; round += 1) {
      const issued = await prepared.issue()
      await prepared.run('ACL', 'SAVE')
      const ending = prepared.run('CLIENT', 'KILL', 'USER', prepared.mayflyLogin.username)
      const due = new Set([issued.name])
      // At once, so that it is sent on a connection that is being ended; what has to wait for the file stays due.
      await until(
        async () => {
          for (const name of (await revoke(prepared.target, issued.handle)).removedNames) due.delete(name)
          return due.size === 0
        },
        { describe: 'it is removed' },
      )
      expect(Number(await ending), 'control: there was a connection').toBeGreaterThan(0)
      expect(await own.file()).not.toContain(issued.name)
    }
  })

  test('many that were saved are saved out together; what has to wait stays due, and says why', async () => {
    await using own = await prepareWithFile()
    const { prepared } = own
    // Many stand in the file, so that to write it takes its time whatever else this machine does.
    const others = Array.from({ length: 3_000 }, (_, at) =>
      prepared.run('ACL', 'SETUSER', `clerk-${at}`, '+@read', '~*'),
    )
    await Promise.all(others)
    const issued = await Promise.all(Array.from({ length: 40 }, () => prepared.issue()))
    await prepared.run('ACL', 'SAVE')
    const before = await own.saves()
    const reasons: string[] = []
    const due = new Set(issued)
    for (const one of issued) {
      const report = await revoke(prepared.target, one.handle)
      expect(report.cutNames, 'it is cut whatever the file says').toEqual([one.name])
      if (report.removedNames.length > 0) due.delete(one)
      reasons.push(...report.reasons.values())
    }
    expect(due.size).toBeGreaterThan(0)
    expect(new Set(reasons)).toEqual(new Set(['it is gone, and waits to be saved out of the ACL file of the target']))
    await until(
      async () => {
        const report = recordReport()
        await prepared.target.revoke(
          [...due].map((one) => one.handle),
          report,
          noSignal,
        )
        for (const one of due) if (report.removedNames.includes(one.name)) due.delete(one)
        return due.size === 0
      },
      { withinMs: 60_000, everyMs: 100, describe: 'all are saved out' },
    )
    expect((await own.saves()) - before).toBeLessThan(10)
    expect(await own.file()).not.toContain('mf_')
  })

  test('where there is none, nothing waits for it, and a password that would be forgotten is not changed', async () => {
    const server = await startRedis(await makeTempDir('redis'))
    await using prepared = await prepareOn([server.access])
    try {
      const issued = await prepared.issue()
      expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
      const { password, ...login } = prepared.mayflyLogin
      const next = { ...login, password: `${password}-next` }
      expect(await codeOf(prepared.target.adopt(redisProvider.secret.parse(next), noSignal))).toBe('target_refused')
      const again = await prepared.open()
      expect(await codeOf(again.observe([issued.handle], noSignal)), 'the old password is in force').toBe('no error')
      await again.close()
    } finally {
      await server.stop()
    }
  })

  test('the password of Mayfly’s own login, once changed, outlives a restart', async () => {
    await using own = await prepareWithFile()
    const { prepared, server } = own
    const next = redisProvider.secret.parse({ ...prepared.mayflyLogin, password: 'a-password-that-only-mayfly-knows' })
    await prepared.target.adopt(next, noSignal)
    await server.restart()
    const withOld = await prepared.open()
    expect(await codeOf(withOld.observe([prepared.plan()], noSignal))).toBe('target_rights_missing')
    await withOld.close()
    const withNext = await redisProvider.open({ settings: prepared.settings, secret: next })
    expect(await codeOf(withNext.observe([prepared.plan()], noSignal))).toBe('no error')
    await withNext.close()
  })
})
