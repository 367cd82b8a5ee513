import type { CheckFinding } from '@mayfly/provider-kit'
import { redisProvider } from '@mayfly/provider-redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTempDir, startRedis } from '../../support/index.ts'
import {
  codeOf,
  noSignal,
  type Prepared,
  prepareOn,
  prepareRedis,
  readWrite,
  requestFor,
  revoke,
} from './redis-fixture.ts'

const outcomes = (findings: readonly CheckFinding[]) => findings.map(({ check, outcome }) => `${check} ${outcome}`)
const find = (findings: readonly CheckFinding[], name: string) => findings.filter((finding) => finding.check === name)

describe('resource check on Redis', () => {
  let prepared: Prepared
  beforeAll(async () => {
    prepared = await prepareRedis()
  })
  afterAll(() => prepared[Symbol.asyncDispose]())

  const check = async (permission: object = readWrite) => {
    const target = await prepared.open()
    try {
      return await target.check(
        { permission: redisProvider.permission.parse(permission), newHandle: prepared.plan },
        noSignal,
      )
    } finally {
      await target.close()
    }
  }

  test('says line by line what it proved, and leaves nobody behind', async () => {
    const findings = await check()
    for (const line of ['connection', 'nodes', 'clock', 'strangers', 'rights', 'login', 'password', 'cut', 'removal']) {
      expect(outcomes(findings)).toContain(`${line} passed`)
    }
    expect(find(findings, 'tls')[0]?.outcome, 'TLS is off here, on loopback').toBe('warned')
    expect(await prepared.run('ACL', 'USERS')).toBe('default,mayfly')
  })

  test('tries a role with parameters too', async () => {
    expect(outcomes(await check({ categories: ['read'], keys: ['orders:{{customer}}:*'] }))).toContain('login passed')
  })

  test('names each right that is missing, and what is more than needed', async () => {
    const right = async (...rules: string[]) => prepared.run('ACL', 'SETUSER', 'mayfly', ...rules)
    await right('-acl|deluser', '-watch')
    expect(find(await check(), 'rights')).toMatchObject([
      { outcome: 'failed', detail: expect.stringContaining('`ACL DELUSER`'), hint: expect.stringContaining('guide') },
    ])
    expect(find(await check(), 'rights')[0]?.detail).toContain('`WATCH')
    await right('+acl|deluser', '+watch', 'resetkeys')
    expect(find(await check(), 'rights')[0]?.detail, 'the keys of the guard').toContain('`SET mayfly:guard:check`')
    await right('~*')
    expect(find(await check(), 'rights')).toMatchObject([{ outcome: 'warned' }])
    await right('+flushall', 'resetkeys', '~mayfly:guard:*')
    expect(find(await check(), 'rights')).toMatchObject([{ outcome: 'warned' }])
    await right('-flushall')
    expect(outcomes(await check())).toContain('rights passed')
  })

  test('without the right to delete users nothing is called cut', async () => {
    const issued = await prepared.issue()
    await prepared.run('ACL', 'SETUSER', 'mayfly', '-acl|deluser')
    expect(await codeOf(revoke(prepared.target, issued.handle))).toBe('target_rights_missing')
    await prepared.run('ACL', 'SETUSER', 'mayfly', '+acl|deluser')
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
  })

  test('notices a server that lets in who does not log in at all', async () => {
    await prepared.run('CONFIG', 'SET', 'protected-mode', 'no')
    await prepared.run('ACL', 'SETUSER', 'default', 'nopass')
    expect(find(await check(), 'strangers')).toMatchObject([
      { outcome: 'failed', hint: expect.stringContaining('requirepass') },
    ])
    await prepared.run('ACL', 'SETUSER', 'default', 'resetpass', `>${prepared.access.password}`)
    expect(outcomes(await check())).toContain('strangers passed')
  })

  test('a wrong password, a server that is not there and one that is full are told apart', async () => {
    const attempt = async (over: object, password = prepared.mayflyLogin.password) => {
      const target = await redisProvider.open({
        settings: redisProvider.settings.parse({ ...prepared.settings, ...over }),
        secret: redisProvider.secret.parse({ ...prepared.mayflyLogin, password }),
      })
      const code = await codeOf(target.issue(prepared.plan(), requestFor(), noSignal))
      await target.close()
      return code
    }
    expect(await attempt({ port: 1 })).toBe('target_unreachable')
    expect(await attempt({}, 'wrong')).toBe('target_rights_missing')
    await prepared.run('CONFIG', 'SET', 'maxmemory', '1')
    expect(await attempt({}), 'a full server takes no guard').toBe('target_refused')
    const issued = prepared.plan()
    expect((await revoke(prepared.target, issued)).removedNames, 'but it ends users').toEqual([issued.accountName])
    await prepared.run('CONFIG', 'SET', 'maxmemory', '0')
    expect(await attempt({})).toBe('no error')
  })
})

test('a server that goes away and comes back is used again', async () => {
  const server = await startRedis(await makeTempDir('redis'), { withAclFile: true })
  await using prepared = await prepareOn([server.access])
  try {
    const issued = await prepared.issue()
    await server.stop()
    expect(await codeOf(prepared.issue())).toBe('target_unreachable')
    expect(await codeOf(revoke(prepared.target, issued.handle))).toBe('target_unreachable')
    await server.start()
    expect((await revoke(prepared.target, issued.handle)).removedNames).toEqual([issued.name])
    expect(await codeOf(prepared.issue())).toBe('no error')
  } finally {
    await server.stop()
  }
})
