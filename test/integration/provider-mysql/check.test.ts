import { type AddressInfo, connect, createServer } from 'node:net'
import type { CheckFinding } from '@mayfly/provider-kit'
import { mysqlProvider } from '@mayfly/provider-mysql'
import { describe, expect, test } from 'vitest'
import { type Prepared, noSignal, prepareMysql, startOwnServer } from './mysql-fixture.ts'

async function check(prepared: Prepared, over: object = {}, role?: string): Promise<readonly CheckFinding[]> {
  const target = await mysqlProvider.open({
    settings: mysqlProvider.settings.parse({ ...prepared.settings, ...over }),
    secret: mysqlProvider.secret.parse(prepared.mayflyLogin),
  })
  try {
    return await target.check(
      { permission: { role: role ?? prepared.readers }, newHandle: () => prepared.plan() },
      noSignal,
    )
  } finally {
    await target.close()
  }
}

const outcomes = (findings: readonly CheckFinding[]) => findings.map((finding) => `${finding.check} ${finding.outcome}`)
const find = (findings: readonly CheckFinding[], name: string) => findings.filter((finding) => finding.check === name)
const failed = (findings: readonly CheckFinding[]) => findings.filter((finding) => finding.outcome === 'failed')

describe('resource check on MariaDB', () => {
  test('says line by line what it proved, and leaves nothing behind', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    const findings = await check(prepared)
    for (const line of ['connection', 'proxy', 'clock', 'rights', 'login', 'password', 'cut', 'removal']) {
      expect(outcomes(findings)).toContain(`${line} passed`)
    }
    expect(find(findings, 'tls')[0]?.outcome, 'TLS is off here, on loopback').toBe('warned')
    expect(outcomes(findings).filter((line) => line.endsWith('warned'))).toEqual(['tls warned'])
    expect(await prepared.sql(`select user from mysql.global_priv where user like 'mf\\_%'`)).toEqual([])
  })

  test('names each missing right of the definer with the statement that gives it', async () => {
    await using prepared = await prepareMysql()
    for (const right of ['create user', 'process', 'connection admin']) {
      await prepared.sql(`revoke ${right} on *.* from ${prepared.definer}`)
      const [fault] = failed(find(await check(prepared), 'rights'))
      expect(fault?.detail).toContain(right.toUpperCase())
      await prepared.sql((fault?.hint ?? '').replace(/to (\S+)@(\S+)$/, 'to `$1`@`$2`'))
      expect(failed(await check(prepared)), `control: the hint gives ${right}`).toEqual([])
    }
    await prepared.sql(`alter user ${prepared.definer} account unlock`)
    expect(failed(await check(prepared))[0]?.detail).toContain('can log in')
    await prepared.sql(
      `alter user ${prepared.definer} account lock`,
      `revoke update on mysql.* from ${prepared.definer}`,
    )
    expect(failed(await check(prepared)), 'the default role cannot be set').toMatchObject([{ check: 'login' }])
  })

  test('names what Mayfly’s login has and does not need, and who else reaches the procedures', async () => {
    await using prepared = await prepareMysql()
    await prepared.sql(
      `grant select on ${prepared.app}.* to ${prepared.mayflyLogin.username}`,
      `create user curious_${prepared.app} identified by 'x'`,
      `grant execute on ${prepared.schema}.* to curious_${prepared.app}`,
    )
    const details = find(await check(prepared), 'rights').map((finding) => finding.detail)
    expect(details.some((detail) => detail.includes(`GRANT SELECT ON \`${prepared.app}\``))).toBe(true)
    expect(details.some((detail) => detail.startsWith('others than Mayfly have rights'))).toBe(true)
    expect(JSON.stringify(details)).not.toMatch(/\*[0-9A-F]{40}/)
    await prepared.sql(`drop user curious_${prepared.app}`)
  })

  test('notices procedures that are missing, and a role that is not permitted', async () => {
    await using prepared = await prepareMysql()
    expect(failed(await check(prepared, {}, 'no_such_role'))).toMatchObject([
      { check: 'login', detail: /does not exist/ },
    ])
    await prepared.sql(`drop procedure ${prepared.schema}.self_check`)
    expect(failed(await check(prepared))[0]?.hint).toContain('resource guide mysql')
  })

  test('notices an anonymous account, which takes the place of those that are issued', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    expect(outcomes(await check(prepared)), 'control').toContain('login passed')
    // Mayfly's own login would be taken for it as well, were it not for this very address.
    await prepared.sql(
      `rename user '${prepared.mayflyLogin.username}'@'%' to '${prepared.mayflyLogin.username}'@'127.0.0.1'`,
      `create user ''@'127.0.0.1'`,
      // RENAME USER leaves the order in which accounts are tried as it was.
      'flush privileges',
    )
    const findings = await check(prepared)
    expect(find(findings, 'rights').map((finding) => finding.hint)).toContain(`drop the accounts of the user ''`)
    expect(find(findings, 'login')).toMatchObject([{ outcome: 'failed' }])
  })

  test('notices performance_schema that is off, and a replica', async () => {
    await using server = await startOwnServer(['--performance-schema=OFF'])
    await using prepared = await prepareMysql(server.access)
    expect(find(await check(prepared), 'rights')[0]?.detail).toContain('`performance_schema` is off')
    await prepared.sql('set global read_only = on')
    expect(failed(await check(prepared))[0]?.detail).toContain('read-only')
  })

  test('notices a server that checks no passwords at all', async () => {
    await using server = await startOwnServer()
    await using prepared = await prepareMysql(server.access)
    await server.restart(['--skip-grant-tables'])
    const findings = await check(prepared)
    expect(
      failed(findings)
        .map((finding) => finding.detail)
        .join('; '),
    ).toMatch(/skip-grant-tables|procedures/)
  })

  // Not ProxySQL itself: a way to the server that does what such proxies do and what the check looks at: it makes up the
  // number of the connection in the greeting (protocol HandshakeV10: version, text, number).
  test('notices a proxy by the number that it makes up', async () => {
    await using prepared = await prepareMysql()
    const server = createServer((client) => {
      const upstream = connect(prepared.access.port, prepared.access.host)
      client.on('error', () => undefined).on('close', () => upstream.destroy())
      upstream.on('error', () => undefined).on('close', () => client.destroy())
      client.on('data', (chunk) => upstream.write(chunk))
      upstream.once('data', (greeting: Buffer) => {
        greeting.writeUInt32LE(1_234_567, greeting.indexOf(0, 5) + 1)
        client.write(greeting)
        upstream.on('data', (chunk) => client.write(chunk))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(find(await check(prepared, { port }), 'proxy')).toMatchObject([{ outcome: 'failed', detail: /proxy/ }])
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
  })
})
