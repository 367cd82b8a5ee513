/** Mayfly's own rights and secrets: what is missing is seen by the check, and what is wrong is said. */
import { writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { newId } from '@mayfly/domain'
import { isLoginRefused } from '@mayfly/provider-kit'
import { natsProvider, systemRights } from '@mayfly/provider-nats'
import { describe, expect, test } from 'vitest'
import { makeNkey } from '../../../packages/providers/nats/src/nkey.ts'
import { findFreePort, giveToServer, makeTempDir, until, useServer } from '../../support/index.ts'
import { noLimits, startNats } from '../../support/servers/start-nats.ts'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { canLogIn, codeOf, noSignal, openSession, orders, prepareNats, recordReport, revoke } from './nats-fixture.ts'

type Prepared = Awaited<ReturnType<typeof prepareNats>>
const fresh = async (options: Parameters<typeof prepareNats>[1] = {}) => prepareNats(await useServer('nats'), options)
const probe = { permission: orders, newHandle: () => natsProvider.plan(newId()) }

async function check({ target }: Pick<Prepared, 'target'>) {
  const findings = await target.check(probe, noSignal)
  return {
    findings,
    failed: findings.filter((finding) => finding.outcome === 'failed'),
    warned: findings.filter((finding) => finding.outcome === 'warned'),
  }
}

describe('the check', () => {
  test('passes with the rights of the guide, without a warning, and leaves the account as it was', async () => {
    await using prepared = await fresh()
    const before = (await prepared.claims()).nats
    const { failed, warned, findings } = await check(prepared)
    expect([...failed, ...warned]).toEqual([])
    expect(findings.map((finding) => finding.check)).toContain('probe')
    expect((await prepared.claims()).nats).toEqual({ ...before, revocations: {} })
  })

  test.for(systemRights('A').publish.map((subject) => subject.replace(/ACCOUNT\.A\./, 'ACCOUNT.<account>.')))(
    'sees that Mayfly may not ask `%s`',
    async (missing) => {
      const rights = systemRights('*')
      await using prepared = await fresh({
        rights: { ...rights, publish: rights.publish.filter((one) => one !== missing.replace('<account>', '*')) },
      })
      const { failed } = await check(prepared)
      expect(failed).toEqual([expect.objectContaining({ detail: "Mayfly's login lacks a right at the target" })])
    },
  )

  test('sees that Mayfly may not hear the answers', async () => {
    await using prepared = await fresh({ rights: { ...systemRights('*'), subscribe: ['orders.>'] } })
    const { failed } = await check(prepared)
    expect(failed).toEqual([expect.objectContaining({ detail: "Mayfly's login lacks a right at the target" })])
  })

  test('warns of a login that may do everything in the system account', async () => {
    await using prepared = await fresh({ rights: 'all' })
    const { failed, warned } = await check(prepared)
    expect(failed).toEqual([])
    expect(warned).toEqual([expect.objectContaining({ check: 'rights' })])
  })

  test('sees an account that does not name the signing key, names it with a scope, or allows no connection', async () => {
    await using unknown = await fresh({ claims: { signing_keys: [] } })
    expect((await check(unknown)).failed).toEqual([
      expect.objectContaining({ detail: expect.stringContaining('does not name') }),
    ])
    await using none = await fresh({ claims: { limits: { ...noLimits, conn: undefined } } })
    expect((await check(none)).failed).toEqual([expect.objectContaining({ check: 'limits' })])
    expect(await codeOf(none.issue().then(({ account }) => openSession(account))), 'control: nobody gets in').not.toBe(
      'no error',
    )
    await using scoped = await fresh()
    const [own] = (await scoped.claims()).nats['signing_keys'] as string[]
    await scoped.push(
      await scoped.resign((claims) => ({
        ...claims,
        iat: claims.iat + 1,
        nats: {
          ...claims.nats,
          signing_keys: [{ kind: 'user_scope', key: own, role: 'r', template: { ...noLimits, pub: { allow: ['>'] } } }],
        },
      })),
    )
    expect((await check(scoped)).failed).toEqual([
      expect.objectContaining({ detail: expect.stringContaining('with a scope') }),
    ])
  })

  test('sees an account that the servers do not have', async () => {
    await using prepared = await fresh({ known: false })
    const { failed } = await check(prepared)
    expect(failed).toHaveLength(1)
    expect(await canLogIn((await prepared.issue()).account), 'control').toBe(false)
  })
})

describe('a wrong secret', () => {
  test('is refused by its field when it is entered, and not repeated', async () => {
    await using prepared = await fresh()
    const { secret } = prepared
    const faults = (over: object) => {
      const parsed = natsProvider.secret.safeParse({ ...secret, ...over })
      return parsed.success ? [] : parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message])
    }
    expect(faults({})).toEqual([])
    expect(faults({ account_signing_key: secret.operator_signing_key })).toEqual([
      ['account_signing_key', 'not the seed of an account: 58 characters that begin with `SA`'],
    ])
    expect(faults({ operator_signing_key: makeNkey('operator').key.publicKey })).toEqual([
      ['operator_signing_key', 'not the seed of an operator: 58 characters that begin with `SO`'],
    ])
    const [jwt] = secret.system_credentials.split('-----BEGIN USER NKEY SEED-----')
    const other = makeNkey('user').seed
    const mixed = `${jwt}-----BEGIN USER NKEY SEED-----\n${other}\n------END USER NKEY SEED------\n`
    const [[field, message] = []] = faults({ system_credentials: mixed })
    expect(field).toBe('system_credentials')
    expect(message).not.toContain(other)
    expect(faults({ more: 'x' })).toHaveLength(1)
  })

  test('of the system account is told apart from a target that is away', async () => {
    await using prepared = await fresh()
    await using stranger = await fresh()
    const own = await prepared.issue()
    const creds = String(own.account.fields['credentials_file'])
    expect(creds, 'control: a secret prints as one').toBe('[secret]')
    const elsewhere = await startNats(await makeTempDir('nats'))
    try {
      await using foreign = await prepareNats(elsewhere.access)
      const target = await prepared.open({ secret: { system_credentials: foreign.secret.system_credentials } })
      const error = await target.observe([own.handle], noSignal).catch((thrown: unknown) => thrown)
      expect(isLoginRefused(error)).toBe(true)
      await target.close()
    } finally {
      await elsewhere.stop()
    }
    const gone = await prepared.open({ settings: { servers: [`127.0.0.1:${await findFreePort()}`] } })
    const error = await gone.observe([own.handle], noSignal).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'target_unreachable' })
    expect(isLoginRefused(error)).toBe(false)
    const report = recordReport()
    expect(await codeOf(gone.revoke([own.handle], report, noSignal))).toBe('target_unreachable')
    expect([...report.cutNames, ...report.removedNames]).toEqual([])
    await gone.close()
    expect(stranger.account).not.toBe(prepared.account)
  })
})

describe('a target that says nothing', () => {
  test('is given up in time, and at once when the caller goes', async () => {
    const open = new Set<Socket>()
    const silent = createServer((socket) => {
      open.add(socket)
      socket.on('error', () => undefined).on('close', () => open.delete(socket))
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await using prepared = await fresh()
    const { handle } = await prepared.issue()
    const target = await prepared.open({ settings: { servers: [`127.0.0.1:${port}`], connect_timeout_ms: 1_500 } })
    const startedAt = performance.now()
    expect(await codeOf(target.observe([handle], AbortSignal.timeout(200)))).toBe('target_timeout')
    expect(performance.now() - startedAt).toBeLessThan(1_200)
    expect(await codeOf(target.observe([handle], noSignal))).toBe('target_timeout')
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    await target.close()
    await until(() => open.size === 0, { describe: 'no connection is left open' })
    await new Promise((resolve) => silent.close(resolve))
  })
})

describe('TLS', () => {
  test('is verified in full: the chain, the name, and that it is there at all', async () => {
    const right = makeCertificate('127.0.0.1')
    const dir = await makeTempDir('nats-tls')
    const [certificate, key] = [join(dir, 'server.pem'), join(dir, 'server.key')]
    await writeFile(certificate, right.certificatePem, { mode: 0o600 })
    await writeFile(key, right.keyPem, { mode: 0o600 })
    await giveToServer(certificate, key)
    const servers = await startNats(await makeTempDir('nats'), {
      settings: [`tls { cert_file: "${certificate}", key_file: "${key}" }`],
    })
    try {
      await using prepared = await prepareNats(servers.access, { caPem: right.caPem })
      const [port] = servers.access.ports
      const attempt = async (caPem: string | undefined, host = '127.0.0.1', at = port) => {
        const settings = natsProvider.settings.parse({
          ...prepared.settings,
          servers: [`${host}:${at}`],
          tls: { mode: 'verify_full', ...(caPem === undefined ? {} : { ca_pem: caPem }) },
        })
        const target = await prepared.open({ settings })
        const code = await codeOf(target.listSessions(noSignal))
        await target.close()
        return code
      }
      expect(await attempt(right.caPem), 'control: the right CA and name').toBe('no error')
      expect(await attempt(makeCertificate('127.0.0.1').caPem), 'another CA').toBe('target_unsafe')
      expect(await attempt(undefined), 'the CAs of the system').toBe('target_unsafe')
      expect(await attempt(right.caPem, 'localhost'), 'a name that is not in the certificate').toBe('target_unsafe')
      const { ports } = await useServer('nats')
      expect(await attempt(right.caPem, '127.0.0.1', ports[0]), 'a server without TLS').toBe('target_unsafe')
    } finally {
      await servers.stop()
    }
  })
})

test('control: what is prepared here ends what it issued', async () => {
  await using prepared = await fresh()
  const issued = await prepared.issue()
  expect((await revoke(prepared, [issued.handle])).removedNames).toHaveLength(1)
})
