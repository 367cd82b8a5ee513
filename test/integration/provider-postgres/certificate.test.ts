import { X509Certificate } from 'node:crypto'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { encodeCertificationRequest, encodeName, encodePem } from '@mayfly/domain'
import { postgresProvider } from '@mayfly/provider-postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  makeAuthority,
  makeKey,
  makeLeaf,
  type TestCertificate,
} from '../../../packages/server/src/adapters/x509/testdata/make-certificate.ts'
import { makeTempDir } from '../../support/index.ts'
import { findProgram } from '../../support/servers/find-program.ts'
import {
  anyPassword,
  type Certified,
  type ClientFiles,
  clientOf,
  makeHolderKey,
  openConfig,
  prepareCertified,
  tryConfig,
} from './certificate-fixture.ts'
import { codeOf, everyWay, noSignal, requestFor, revoke, versions } from './postgres-fixture.ts'
import { trustClientsOf, useRules } from './server-files.ts'

const run = promisify(execFile)
const dayMs = 86_400_000

describe.each(everyWay)('client certificates on PostgreSQL $version by $mode', ({ version, mode }) => {
  let certified: Certified
  beforeAll(async () => {
    certified = await prepareCertified(version, mode)
  })
  afterAll(() => certified[Symbol.asyncDispose]())

  test('a login needs its password and the certificate of its own key', async () => {
    const { login } = certified
    const [key, otherKey] = [makeHolderKey(), makeHolderKey()]
    const { account, handle, name } = await certified.issue(key)
    const other = await certified.issue(otherKey)
    expect(account.boundTo).toBe('key')
    const own = clientOf(account, key)
    expect(await tryConfig(login(account, own)), 'control: its own').toBe('in')
    expect(await tryConfig(login(account)), 'no certificate').toBe('refused')
    expect(await tryConfig({ ...login(account), ssl: false }), 'no TLS').toBe('refused')
    expect(await tryConfig({ ...login(account, own), password: 'wrong' }), 'the certificate alone').toBe('refused')
    expect(await tryConfig(login(account, clientOf(other.account, otherKey))), 'the one of another login').toBe(
      'refused',
    )
    expect(
      await tryConfig(login(other.account, clientOf(other.account, otherKey))),
      'control: which opens its own',
    ).toBe('in')
    expect(
      await tryConfig(login(account, { ...own, privateKeyPem: otherKey.privateKeyPem })),
      'without the key of the certificate',
    ).toMatch(/key values mismatch/)
    expect(await tryConfig(login(account, foreignCertificate(name))), 'its name, of a CA that is not trusted').toMatch(
      /unknown ca|ECONNRESET|EPIPE|terminated/,
    )

    const session = await openConfig(login(account, own))
    expect((await revoke(certified.target, handle)).removedNames).toEqual([name])
    expect(await session.isAlive()).toBe(false)
    await session.close()
    expect(await tryConfig(login(account, own))).toBe('refused')
    await revoke(certified.target, other.handle)
  })

  test('logins without the group go on as before, and Mayfly’s own is asked for no certificate', async () => {
    const { prepared, open, login } = certified
    const target = await open({ client_certificates: undefined })
    const handle = prepared.plan()
    const issued = await target.issue(handle, requestFor(prepared.readers), noSignal)
    expect(issued.boundTo).toBe('none')
    expect(await tryConfig(login(issued))).toBe('in')
    expect((await revoke(target, handle)).removedNames).toEqual([handle.accountName])
    await target.close()
  })

  test('resource check proves it, and leaves nothing behind', async () => {
    const findings = await certified.check()
    expect(findings.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(findings.filter(({ check }) => check === 'certificate')).toMatchObject([{ outcome: 'passed' }])
    expect(await certified.prepared.sql(`select from pg_roles where rolname ~ '^mayfly_[0-9a-f]{32}$'`)).toEqual([])
  })
})

describe.each(versions)('client certificates on PostgreSQL %s', (version) => {
  let certified: Certified
  beforeAll(async () => {
    certified = await prepareCertified(version, 'functions')
  })
  afterAll(() => certified[Symbol.asyncDispose]())

  test('a certificate request is as good as a key, whatever names it asks for', async () => {
    const key = makeKey()
    const csr = encodePem(
      'CERTIFICATE REQUEST',
      encodeCertificationRequest(key.signer, {
        subject: encodeName([{ type: 'CN', value: certified.prepared.superuser }]),
        publicKey: key.publicKey,
      }),
    )
    const privateKeyPem = keyPemOf(key.privateKey)
    const { account, handle } = await certified.issue({ publicKey: csr, privateKeyPem })
    const client = clientOf(account, { publicKey: csr, privateKeyPem })
    expect(await tryConfig(certified.login(account, client))).toBe('in')
    const { subject, subjectAltName, keyUsage } = new X509Certificate(client.certificatePem)
    expect({ subject, subjectAltName }).toEqual({ subject: `CN=${handle.accountName}`, subjectAltName: undefined })
    expect(keyUsage, 'for clients only').toEqual(['1.3.6.1.5.5.7.3.2'])
    await revoke(certified.target, handle)
  })

  test('nothing is made without a key that can be used', async () => {
    const { prepared, target } = certified
    const request = requestFor(prepared.readers)
    for (const holder of [undefined, { publicKey: 'not a key' }, { publicKey: makeHolderKey().privateKeyPem }]) {
      const handle = prepared.plan()
      const issue = target.issue(handle, { ...request, ...(holder && { holder }) }, noSignal)
      expect(await codeOf(issue)).toBe('request_invalid')
      expect((await target.observe([handle], noSignal))[0]?.state).toBe('absent')
    }
    const bound = prepared.target.issue(prepared.plan(), { ...request, holder: makeHolderKey() }, noSignal)
    expect(await codeOf(bound), 'a key that would bind nothing').toBe('request_invalid')
  })

  test('a role has room for the group of certificates, or is refused before anything is made', async () => {
    const { prepared, target } = certified
    const groups = Array.from({ length: 15 }, (_, at) => `crowd_${at}`)
    await prepared.sql(
      groups.map((group) => `create role ${group}; insert into mayfly.permitted_group values ('${group}')`).join(';'),
    )
    const attempt = async (memberOf: readonly string[]) => {
      const handle = prepared.plan()
      const request = { ...requestFor(prepared.readers), holder: makeHolderKey() }
      const permission = { member_of: [...memberOf] }
      const code = await codeOf(target.issue(handle, { ...request, permission }, noSignal))
      const state = (await target.observe([handle], noSignal))[0]?.state
      await revoke(target, handle)
      return { code, state }
    }
    expect(await attempt(groups), 'control').toEqual({ code: 'no error', state: 'usable' })
    expect(await attempt([...groups, prepared.readers])).toEqual({ code: 'target_refused', state: 'absent' })
  })

  test('without a client CA nothing is issued, and what stands is removed all the same', async () => {
    const { account, handle } = await certified.issue(makeHolderKey())
    expect(account.fields['client_certificate']).toContain('BEGIN CERTIFICATE')
    const entered = postgresProvider.secret.parse(certified.prepared.mayflyLogin)
    const without = await certified.open({}, entered)
    const request = { ...requestFor(certified.prepared.readers), holder: makeHolderKey() }
    expect(await codeOf(without.issue(certified.prepared.plan(), request, noSignal))).toBe('settings_invalid')
    expect((await revoke(without, handle)).removedNames).toEqual([handle.accountName])
    await without.close()
  })

  test('a login is not renewed past the end of its certificate', async () => {
    const { account, handle } = await certified.issue(makeHolderKey())
    const { target } = certified
    const inDays = (days: number) => new Date(Date.now() + days * dayMs)
    await target.renew(handle, inDays(89), noSignal)
    expect(await codeOf(target.renew(handle, inDays(91), noSignal))).toBe('credential_not_renewable')
    await revoke(target, handle)

    const short = await certified.open({ client_certificates: { lifetime_days: 1 } })
    const long = certified.prepared.plan()
    const request = { ...requestFor(certified.prepared.readers), holder: makeHolderKey(), expiresAt: inDays(3) }
    const issued = await short.issue(long, request, noSignal)
    expect(issued.expiresAt.getTime(), 'it ends with its certificate').toBeLessThanOrEqual(inDays(1).getTime())
    const [row] = await certified.prepared.sql('select rolvaliduntil as at from pg_roles where rolname = $1', [
      long.accountName,
    ])
    expect(row?.['at'], 'at the target too').toEqual(issued.expiresAt)
    expect(account.expiresAt.getTime(), 'control: others end when asked').toBeLessThan(inDays(1).getTime())
    await revoke(short, long)
    await short.close()
  })

  test('a new password of Mayfly’s own login leaves the client CA as it is', async () => {
    const own = await prepareCertified(version, 'functions')
    try {
      const next = postgresProvider.secret.parse(
        JSON.parse(postgresProvider.ownLogin.next(own.secret, own.settings).reveal()),
      )
      await own.target.adopt(next, noSignal)
      const target = await own.open({}, next)
      const handle = own.prepared.plan()
      const key = makeHolderKey()
      const issued = await target.issue(handle, { ...requestFor(own.prepared.readers), holder: key }, noSignal)
      expect(await tryConfig(own.login(issued, clientOf(issued, key)))).toBe('in')
      await revoke(target, handle)
      await target.close()
    } finally {
      await own[Symbol.asyncDispose]()
    }
  })

  test('psql logs in with sslcert and sslkey, and not without', async () => {
    const psql = await findProgram({ names: ['psql'], debianPackage: 'postgresql-client' })
    const key = makeHolderKey()
    const { account, handle } = await certified.issue(key)
    const dir = await makeTempDir('psql')
    const files = { root: join(dir, 'root.crt'), certificate: join(dir, 'client.crt'), key: join(dir, 'client.key') }
    await writeFile(files.root, certified.serverCaPem)
    await writeFile(files.certificate, String(account.fields['client_certificate']))
    await writeFile(files.key, key.privateKeyPem, { mode: 0o600 })
    const { host, port, database, user, password } = certified.login(account)
    const whoAmI = async (more: string) => {
      const where = `host=${host} port=${port} dbname=${database} user=${user} sslmode=verify-full sslrootcert=${files.root}`
      const env = { PATH: process.env['PATH'], HOME: dir, PGPASSWORD: String(password) }
      const { stdout } = await run(psql, ['-w', '-At', '-c', 'select current_user', `${where} ${more}`], { env })
      return stdout.trim()
    }
    expect(await whoAmI(`sslcert=${files.certificate} sslkey=${files.key}`)).toBe(handle.accountName)
    await expect(whoAmI('')).rejects.toThrow(/valid client certificate/)
    await revoke(certified.target, handle)
  })
})

describe.each(versions)('resource check, where PostgreSQL %s does not ask for certificates as it should', (version) => {
  let certified: Certified
  beforeAll(async () => {
    certified = await prepareCertified(version, 'functions')
  })
  afterAll(() => certified[Symbol.asyncDispose]())

  const failed = async (over?: object) => (await certified.check(over)).filter(({ outcome }) => outcome === 'failed')
  const details = async () => (await failed()).map(({ check, detail }) => `${check}: ${detail}`)

  test('names each way in that is open, and the lines that close it', async () => {
    const [own = '', asked = '', rejected = '', local = ''] = certified.rules
    await useRules(certified.cluster, [anyPassword])
    const open = await failed()
    expect(open.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('without a client certificate'),
      expect.stringContaining('with the certificate of another login'),
      expect.stringContaining('without TLS'),
    ])
    for (const rule of certified.rules) expect(open[0]?.hint).toContain(rule)

    await useRules(certified.cluster, [own, asked, anyPassword])
    expect(await details(), 'no line that rejects').toEqual([expect.stringContaining('without TLS')])

    await useRules(certified.cluster, [own, asked.replace('verify-full', 'verify-ca'), rejected, local, anyPassword])
    expect(await details(), 'any certificate of the CA').toEqual([expect.stringContaining('of another login')])

    await useRules(certified.cluster, [asked, rejected, local, anyPassword])
    expect(await details(), 'no line for Mayfly’s own login').toEqual([expect.stringContaining('clears up')])

    await useRules(certified.cluster, [
      own,
      asked.replace('scram-sha-256', 'cert').replace(/ clientcert.*/, ''),
      anyPassword,
    ])
    expect(await details(), 'no password').toEqual(
      expect.arrayContaining([expect.stringContaining('with a wrong password')]),
    )

    await useRules(certified.cluster, [...certified.rules, anyPassword])
    expect(await details(), 'control: the lines of the guide').toEqual([])
  })

  test('says that the client CA is not the one that the target trusts', async () => {
    for (const pem of [pemOf(makeAuthority({ name: 'other CA', ...validity })), undefined]) {
      await trustClientsOf(certified.cluster, pem)
      expect(await failed()).toMatchObject([{ check: 'login', detail: /does not trust/, hint: /client-ca\.pem/ }])
    }
    await trustClientsOf(certified.cluster, certified.clientCaPem)
    expect(await failed(), 'control').toEqual([])
  })

  test('says that the group is missing, with what permits it', async () => {
    const missing = await failed({ client_certificates: { group: 'no_such_group' } })
    expect(missing).toMatchObject([
      { check: 'groups', detail: /no_such_group/ },
      { check: 'login', hint: /permitted_group/ },
    ])
  })
})

describe('resource check by createrole', () => {
  test('says that Mayfly’s own login, a member by its creator roles, is refused', async () => {
    await using certified = await prepareCertified(18, 'createrole')
    const [, ...others] = certified.rules
    await useRules(certified.cluster, [...others, anyPassword])
    const findings = await certified.check()
    expect(findings).toMatchObject([{ check: 'connection', outcome: 'failed', hint: /before those for client cert/ }])
    await useRules(certified.cluster, [...certified.rules, anyPassword])
    expect(
      (await certified.check()).filter(({ outcome }) => outcome === 'failed'),
      'control',
    ).toEqual([])
  })
})

const validity = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) }

function foreignCertificate(name: string): ClientFiles {
  const leaf = makeLeaf({ name, issuer: makeAuthority({ name: 'foreign CA', ...validity }), ...validity })
  return { certificatePem: pemOf(leaf), privateKeyPem: keyPemOf(leaf.key.privateKey) }
}

function pemOf({ der }: TestCertificate): string {
  return encodePem('CERTIFICATE', der)
}

function keyPemOf(key: TestCertificate['key']['privateKey']): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}
