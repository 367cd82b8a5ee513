import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { encodeCertificationRequest, encodeName, encodePem } from '@mayfly/domain'
import type { IssuedAccount } from '@mayfly/provider-kit'
import { mysqlProvider } from '@mayfly/provider-mysql'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  makeAuthority,
  makeKey,
  makeLeaf,
  type TestCertificate,
} from '../../../packages/server/src/adapters/x509/testdata/make-certificate.ts'
import { giveToServer, makeTempDir } from '../../support/index.ts'
import {
  codeOf,
  loginOf,
  noSignal,
  openSession,
  type Prepared,
  prepareMysql,
  requestFor,
  revoke,
  startOwnServer,
} from './mysql-fixture.ts'

const validity = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) }
const serverName = 'db.test.example'
const authority = makeAuthority({ name: 'test CA', ...validity })
const otherAuthority = makeAuthority({ name: 'other CA', ...validity })
const caPem = pemOf(authority)
const tls = { mode: 'verify_full', ca_pem: caPem, server_name: serverName } as const

let server: Awaited<ReturnType<typeof startOwnServer>>
let prepared: Prepared
beforeAll(async () => {
  const dir = await makeTempDir('tls')
  const leaf = makeLeaf({ name: 'target', issuer: authority, names: { dns: [serverName] }, ...validity })
  const files = { ca: join(dir, 'ca.pem'), certificate: join(dir, 'server.pem'), key: join(dir, 'server.key') }
  // The target trusts both CAs: which of them an account asks for is what is tested.
  await writeFile(files.ca, caPem + pemOf(otherAuthority))
  await writeFile(files.certificate, pemOf(leaf))
  await writeFile(files.key, keyPemOf(leaf), { mode: 0o600 })
  await giveToServer(files.ca, files.certificate, files.key)
  server = await startOwnServer([`--ssl-ca=${files.ca}`, `--ssl-cert=${files.certificate}`, `--ssl-key=${files.key}`])
  prepared = await prepareMysql(server.access)
})
afterAll(async () => {
  await prepared?.[Symbol.asyncDispose]()
  await server?.stop()
})

function open(over: object) {
  return mysqlProvider.open({
    settings: mysqlProvider.settings.parse({ ...prepared.settings, ...over }),
    secret: mysqlProvider.secret.parse(prepared.mayflyLogin),
  })
}

async function attempt(over: object): Promise<string> {
  const target = await open(over)
  const handle = prepared.plan()
  const code = await codeOf(target.issue(handle, requestFor(prepared.readers), noSignal))
  await target.close()
  await revoke(prepared.target, handle)
  return code
}

describe('TLS to MariaDB', () => {
  test('is verified in full: the chain, the name, and that it is there at all', async () => {
    expect(await attempt({ tls }), 'control: the right CA and name').toBe('no error')
    expect(await attempt({ tls: { ...tls, ca_pem: pemOf(otherAuthority) } }), 'another CA').toBe('target_unsafe')
    expect(await attempt({ tls: { mode: 'verify_full', server_name: serverName } }), 'the CAs of the system').toBe(
      'target_unsafe',
    )
    expect(await attempt({ tls: { ...tls, server_name: 'other.test.example' } }), 'another name').toBe('target_unsafe')
    // The library itself would compare an address with `localhost`.
    expect(await attempt({ tls: { ...tls, server_name: 'localhost' } })).toBe('target_unsafe')
    await using plain = await startOwnServer()
    // So that the server has somebody to let in from here: else it turns everyone away before that.
    await using _other = await prepareMysql(plain.access)
    expect(await attempt({ tls, host: plain.access.host, port: plain.access.port }), 'a server without TLS').toBe(
      'target_unsafe',
    )
  })

  test('accounts of a resource with TLS are not let in without', async () => {
    const target = await open({ tls })
    const handle = prepared.plan()
    const issued = await target.issue(handle, requestFor(prepared.readers), noSignal)
    expect(issued.fields).toMatchObject({ tls_server_name: serverName })
    await expect(mysql.createConnection(loginOf(issued))).rejects.toThrow(/denied/)
    const connection = await mysql.createConnection({ ...loginOf(issued), ...withTls() })
    expect(await connection.query('select note from orders')).toMatchObject([[{ note: 'first' }], {}])
    await connection.end()
    await revoke(prepared.target, handle)
    await target.close()
  })
})

describe('client certificates', () => {
  const settings = { tls, client_certificates: { issuer: '/CN=test CA', subject_template: '/CN={common_name}' } }
  const holderKey = makeKey()
  const csr = encodePem(
    'CERTIFICATE REQUEST',
    encodeCertificationRequest(holderKey.signer, {
      subject: encodeName([{ type: 'CN', value: 'reports-1' }]),
      publicKey: holderKey.publicKey,
    }),
  )

  const logIn = async (issued: IssuedAccount, leaf?: TestCertificate, over: mysql.ConnectionOptions = {}) => {
    try {
      const connection = await mysql.createConnection({ ...loginOf(issued), ...withTls(leaf), ...over })
      await connection.query('select note from orders')
      await connection.end()
      return 'in'
    } catch (error) {
      return error instanceof Error && 'errno' in error && error.errno === 1045 ? 'refused' : String(error)
    }
  }

  test('a login needs the password and the certificate of its holder, of that CA and under that name', async () => {
    const target = await open(settings)
    const handle = prepared.plan()
    const issued = await target.issue(handle, { ...requestFor(prepared.readers), holder: { publicKey: csr } }, noSignal)
    expect(issued.boundTo).toBe('key')
    const leaf = (name: string, issuer: TestCertificate, key = holderKey) =>
      makeLeaf({ name, issuer, key, ...validity })
    expect(await logIn(issued, leaf('reports-1', authority)), 'control: its own').toBe('in')
    expect(await logIn(issued, leaf('reports-1', authority, makeKey())), 'renewed with a new key').toBe('in')
    expect(await logIn(issued), 'no certificate').toBe('refused')
    expect(await logIn(issued, leaf('reports-2', authority)), 'another name').toBe('refused')
    expect(await logIn(issued, leaf('reports-1', otherAuthority)), 'another CA that the target trusts').toBe('refused')
    expect(await logIn(issued, leaf('reports-1', authority), { password: 'wrong' }), 'no password').toBe('refused')
    expect(
      await logIn(
        issued,
        makeLeaf({ name: 'reports-1', issuer: makeAuthority({ name: 'test CA', ...validity }), ...validity }),
      ),
      'a CA that only has the name',
    ).not.toBe('in')

    const session = await mysql.createConnection({ ...loginOf(issued), ...withTls(leaf('reports-1', authority)) })
    session.on('error', () => undefined)
    expect((await revoke(prepared.target, handle)).removedNames).toEqual([handle.accountName])
    await expect(session.query('select 1')).rejects.toThrow(/closed|lost/i)
    expect(await logIn(issued, leaf('reports-1', authority))).toBe('refused')
    await target.close()
  })

  test('without a key of the holder nothing is issued', async () => {
    const target = await open(settings)
    const handle = prepared.plan()
    expect(await codeOf(target.issue(handle, requestFor(prepared.readers), noSignal))).toBe('request_invalid')
    expect((await target.observe([handle], noSignal))[0]?.state).toBe('absent')
    await target.close()
  })
})

describe('the address of the holder', () => {
  /** From another address of this machine: all of 127.0.0.0/8 is its own. */
  const from = async (issued: IssuedAccount, localAddress: string) => {
    try {
      const { host, port } = prepared.access
      const connection = await mysql.createConnection({
        ...loginOf(issued),
        stream: () => connect({ host, port, localAddress }),
      })
      await connection.end()
      return 'in'
    } catch (error) {
      return error instanceof Error && 'errno' in error && error.errno === 1045 ? 'refused' : String(error)
    }
  }

  test('an account for the attested address is let in from there and from nowhere else', async () => {
    const target = await open({ account_host: { mode: 'attested_address' } })
    const handle = prepared.plan()
    const holder = { address: '127.0.0.7' }
    const issued = await target.issue(handle, { ...requestFor(prepared.readers), holder }, noSignal)
    expect(issued.boundTo).toBe('address')
    expect(await from(issued, '127.0.0.7')).toBe('in')
    expect(await from(issued, '127.0.0.8')).toBe('refused')
    expect(
      await codeOf(
        target.issue(handle, { ...requestFor(prepared.readers), holder: { address: '127.0.0.8' } }, noSignal),
      ),
      'a second account of the name, for another host',
    ).toBe('target_refused')
    const unknown = prepared.plan()
    expect(await codeOf(target.issue(unknown, requestFor(prepared.readers), noSignal))).toBe('target_refused')
    expect((await target.observe([unknown, handle], noSignal)).map(({ state }) => state)).toEqual(['absent', 'usable'])
    await revoke(target, handle)
    expect(await from(issued, '127.0.0.7')).toBe('refused')
    await target.close()
  })

  test('an account for a network is let in from all of it, and from nowhere else', async () => {
    const target = await open({ account_host: { mode: 'network', network: '127.0.5.0/24' } })
    const handle = prepared.plan()
    const issued = await target.issue(handle, requestFor(prepared.readers), noSignal)
    expect(issued.boundTo).toBe('address')
    expect([await from(issued, '127.0.5.1'), await from(issued, '127.0.5.200')]).toEqual(['in', 'in'])
    expect(await from(issued, '127.0.6.1')).toBe('refused')
    await revoke(target, handle)
    await target.close()
  })

  test('without the setting an address binds nothing, and nothing is said of it', async () => {
    const handle = prepared.plan()
    const issued = await prepared.target.issue(
      handle,
      { ...requestFor(prepared.readers), holder: { address: '127.0.0.7' } },
      noSignal,
    )
    expect(issued.boundTo).toBe('none')
    expect(await from(issued, '127.0.0.8')).toBe('in')
    await (await openSession(issued)).close()
    await revoke(prepared.target, handle)
  })
})

function withTls(leaf?: TestCertificate): mysql.ConnectionOptions {
  const { host, port } = prepared.access
  return {
    host: serverName,
    stream: () => connect({ host, port }),
    ssl: {
      ca: caPem,
      rejectUnauthorized: true,
      verifyIdentity: true,
      ...(leaf === undefined ? {} : { cert: pemOf(leaf), key: keyPemOf(leaf) }),
    },
  }
}

function pemOf({ der }: TestCertificate): string {
  return encodePem('CERTIFICATE', der)
}

function keyPemOf({ key }: TestCertificate): string {
  return key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}
