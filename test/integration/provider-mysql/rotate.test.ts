import { Secret } from '@mayfly/provider-kit'
import { describe, expect, test } from 'vitest'
import mysql from 'mysql2/promise'
import { codeOf, noSignal, type Prepared, prepareMysql } from './mysql-fixture.ts'

async function makeStatic(prepared: Prepared, host = '%') {
  const user = `static_${prepared.app}`
  await prepared.sql(
    `create user '${user}'@'${host}' identified by 'written down long ago'`,
    `insert into ${prepared.schema}.rotatable_account values ('${user}', '${host}')`,
  )
  return { user, account: `'${user}'@'${host}'` }
}

const old = new Secret('written down long ago')
const next = new Secret('the next one, of 32 random bytes')

describe('the password of an account that Mayfly did not make', () => {
  test('is changed, tried, and the sessions of the one before are ended', async () => {
    await using prepared = await prepareMysql()
    const { target } = prepared
    const { user, account } = await makeStatic(prepared)
    expect(await target.accepts(account, old, noSignal), 'control').toBe(true)
    expect(await target.accepts(account, next, noSignal), 'control').toBe(false)
    const session = await mysql.createConnection({
      host: prepared.access.host,
      port: prepared.access.port,
      user,
      password: old.reveal(),
    })
    session.on('error', () => undefined)

    await target.rotate(account, next, noSignal)
    await target.rotate(account, next, noSignal)
    expect(await target.accepts(account, next, noSignal)).toBe(true)
    expect(await target.accepts(account, old, noSignal), 'the one before ends at once: other_account').toBe(false)
    await session.query('select 1')

    await target.endPrevious(account, next, noSignal)
    await target.endPrevious(account, next, noSignal)
    await expect(session.query('select 1'), 'its session is ended').rejects.toThrow(/closed|lost/i)
    expect(await target.accepts(account, next, noSignal)).toBe(true)
    await prepared.sql(`drop user ${account}`)
  })

  test('is changed only where the target lists the account, and never of one that Mayfly made', async () => {
    await using prepared = await prepareMysql()
    const { target, schema } = prepared
    const issued = await prepared.issue()
    await prepared.sql(
      `create user other_${prepared.app} identified by 'x'`,
      `insert into ${schema}.rotatable_account values ('${issued.name}', '%'), ('gone', '%')`,
    )
    for (const account of [`other_${prepared.app}`, 'root@localhost', `${issued.name}@%`, 'gone', `x' or '1`]) {
      expect(await codeOf(target.rotate(account, next, noSignal)), account).toBe('target_rights_missing')
      expect(await codeOf(target.endPrevious(account, next, noSignal)), account).toBe('target_rights_missing')
    }
    await prepared.sql(`insert into ${schema}.rotatable_account values ('other_${prepared.app}', '%')`)
    expect(await codeOf(target.rotate(`other_${prepared.app}`, next, noSignal)), 'control').toBe('no error')
    await prepared.sql(`drop user other_${prepared.app}`)
  })

  test('that is right where the account cannot come from here is told apart from a wrong one', async () => {
    await using prepared = await prepareMysql()
    const { target } = prepared
    const { account } = await makeStatic(prepared, '10.9.8.7')
    expect(await codeOf(target.accepts(account, old, noSignal))).toBe('target_refused')
    expect(await target.accepts(account, next, noSignal)).toBe(false)
    expect(await codeOf(target.accepts(account, next, AbortSignal.abort()))).toBe('target_timeout')
    await prepared.sql(`drop user ${account}`)
  })
})
