import { type AddressInfo, connect, createServer } from 'node:net'
import type { CheckFinding } from '@mayfly/provider-kit'
import { postgresProvider } from '@mayfly/provider-postgres'
import { describe, expect, test } from 'vitest'
import { startDurableCluster } from '../../support/index.ts'
import { type Prepared, everyWay, noSignal, preparePostgres, versions } from './postgres-fixture.ts'

async function check(prepared: Prepared, over: object = {}, group?: string): Promise<readonly CheckFinding[]> {
  const target = await postgresProvider.open({
    settings: postgresProvider.settings.parse({ ...prepared.settings, ...over }),
    secret: postgresProvider.secret.parse(prepared.mayflyLogin),
  })
  try {
    return await target.check(
      { permission: { member_of: [group ?? prepared.readers] }, newHandle: () => prepared.plan() },
      noSignal,
    )
  } finally {
    await target.close()
  }
}

const outcomes = (findings: readonly CheckFinding[]) => findings.map(({ check, outcome }) => `${check} ${outcome}`)
const find = (findings: readonly CheckFinding[], name: string) => findings.filter((finding) => finding.check === name)

describe.each(everyWay)('resource check on PostgreSQL $version by $mode', ({ version, mode }) => {
  test('says line by line what it proved', async () => {
    await using prepared = await preparePostgres(version, mode)
    const findings = await check(prepared)
    for (const line of ['connection', 'pooler', 'clock', 'rights', 'login', 'password', 'cut', 'removal']) {
      expect(outcomes(findings)).toContain(`${line} passed`)
    }
    expect(find(findings, 'tls')[0]?.outcome, 'TLS is off here, on loopback').toBe('warned')
    expect(await prepared.sql(`select from pg_roles where rolname ~ '^mayfly_' and rolname = any ($1)`, [[]])).toEqual(
      [],
    )
  })

  test('notices a superuser as admin login', async () => {
    await using prepared = await preparePostgres(version, mode)
    await prepared.sql(`alter role ${prepared.mayflyLogin.username} superuser`)
    expect(await check(prepared)).toMatchObject([{ check: 'connection', outcome: 'failed', detail: /superuser/ }])
  })

  test('names a group that is not there, and one that owns things', async () => {
    await using prepared = await preparePostgres(version, mode)
    expect(find(await check(prepared, {}, 'no_such_group'), 'groups')).toMatchObject([{ outcome: 'failed' }])
    await prepared.sql(`create table app.own (id integer); alter table app.own owner to ${prepared.readers}`)
    expect(find(await check(prepared), 'groups')[0]?.detail).toContain('owns objects')
  })
})

describe.each(versions)('resource check on PostgreSQL %s', (version) => {
  test('names each missing right with the statement that gives it', async () => {
    await using prepared = await preparePostgres(version, 'functions')
    const login = prepared.mayflyLogin.username
    const hints = async () => find(await check(prepared), 'rights').map((finding) => finding.hint)
    await prepared.sql(`revoke execute on function mayfly.disable(text[]) from ${login}`)
    expect(await hints()).toEqual([`grant execute on function mayfly.disable(text[]) to "${login}"`])
    const [hint] = await hints()
    await prepared.sql(hint ?? '')
    await prepared.sql('grant execute on function mayfly.adopt(text[]) to public')
    expect(await hints()).toEqual(['revoke execute on function mayfly.adopt(text[]) from public'])
    await prepared.sql(
      `revoke execute on function mayfly.adopt(text[]) from public; revoke usage on schema mayfly from ${login}`,
    )
    expect(await hints()).toEqual([`grant usage on schema mayfly to "${login}"`])
    await prepared.sql(`grant usage on schema mayfly to ${login}; grant insert on mayfly.permitted_group to ${login}`)
    expect(await hints()).toEqual([`revoke insert, update, delete, truncate on mayfly.permitted_group from "${login}"`])
    await prepared.sql('drop schema mayfly cascade')
    expect((await hints())[0]).toContain('resource guide postgres')
  })

  test('names the missing right of a creator role, by createrole', async () => {
    await using prepared = await preparePostgres(version, 'createrole')
    const findings = await check(prepared, { rights: { mode: 'createrole', creator_roles: [prepared.appOwner] } })
    expect(find(findings, 'rights').map((finding) => finding.hint)).toContain(
      `alter role "${prepared.appOwner}" createrole`,
    )
  })

  test('notices a server that lets everyone in', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, 'functions', cluster.access)
    expect(outcomes(await check(prepared)), 'control: with scram-sha-256 it passes').toContain('password passed')
    await cluster.useHostBasedAuthentication(['host all all 127.0.0.1/32 trust'])
    const findings = await check(prepared)
    expect(find(findings, 'password')).toMatchObject([{ outcome: 'failed', detail: /wrong password/ }])
    expect(outcomes(findings)).toContain('removal passed')
  })

  test('notices a server that has no line for the login', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, 'functions', cluster.access)
    await cluster.useHostBasedAuthentication([
      `host all ${prepared.mayflyLogin.username} 127.0.0.1/32 scram-sha-256`,
      `host all ${prepared.superuser} 127.0.0.1/32 scram-sha-256`,
    ])
    expect(find(await check(prepared), 'login')).toMatchObject([{ outcome: 'failed', detail: /pg_hba.conf/ }])
  })

  // Not PgBouncer itself, which cannot be had from the registry: a way to the server that does what every pooler does,
  // and what the check looks at: it makes up the key that the client is given (protocol message `K`).
  test('notices a pooler by the backend key that it makes up', async () => {
    await using prepared = await preparePostgres(version, 'functions')
    const server = createServer((client) => {
      const upstream = connect(prepared.settings.port, prepared.settings.host)
      client.on('error', () => undefined).on('close', () => upstream.destroy())
      upstream.on('error', () => undefined).on('close', () => client.destroy())
      client.on('data', (chunk) => upstream.write(chunk))
      upstream.on('data', (chunk) => client.write(withOtherKey(chunk)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const findings = await check(prepared, { port })
    expect(find(findings, 'pooler')).toMatchObject([{ outcome: 'warned', detail: /pooler/ }])
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
  })
})

/** Replaces the pid in BackendKeyData (`K`, length 12, pid, key): PostgreSQL documentation, "Message Formats". */
function withOtherKey(chunk: Buffer): Buffer {
  const at = chunk.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  if (at < 0) return chunk
  const changed = Buffer.from(chunk)
  changed.writeInt32BE(1_234_567, at + 5)
  return changed
}
