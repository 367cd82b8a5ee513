/** Certificates through the whole server: issued, verified, ended, and told so. The judges are openssl and Node's TLS. */
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { promisify } from 'node:util'
import { defaultTenantId, MayflyError } from '@mayfly/domain'
import { x509Provider } from '@mayfly/provider-x509'
import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import type { IssueInput } from '../../../packages/server/src/application/credential/issue-request.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import { getCredential } from '../../../packages/server/src/store/credential-rows.ts'
import { publishedPlugin } from '../../../packages/server/src/surfaces/http/published.ts'
import { createTestDatabase, makeTempDir, until } from '../../support/index.ts'
import { openLifecycle } from '../lifecycle/open-lifecycle.ts'

const run = promisify(execFile)

async function openPki() {
  const [store, dir] = await Promise.all([createTestDatabase(), makeTempDir('x509')])
  const life = await openLifecycle(store.url, { providers: [x509Provider] })
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('orders-api', 'orders-team')
  const resource = await life.makeTarget('orders-pki', 'orders-team', {
    provider: 'x509',
    settings: { common_name: 'Orders internal CA', organization: 'Example' },
    secret: {},
    role: 'server',
    permission: {
      common_name: '{host}.orders.example',
      dns: ['{host}.orders.example', 'localhost'],
      uses: ['server', 'client'],
    },
    parameters: { host: { one_of: ['api', 'db'] } },
  })
  const call = await life.callOf(identity.identity_id)
  const app = fastify({ routerOptions: { maxParamLength: 300 } })
  app.setErrorHandler((error, _request, reply) =>
    reply.status(error instanceof MayflyError && error.code === 'media_type_unsupported' ? 415 : 404).send(),
  )
  await app.register(
    publishedPlugin({
      database: life.deps.database,
      clock: life.clock,
      logger: life.deps.logger,
      targets: life.deps.targets,
      tenants: {
        findIdByName: async (name) => (name === 'default' ? defaultTenantId : undefined),
        findIssuer: async () => 'https://mayfly.example',
        findPath: async () => '',
      },
    }),
  )
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `${origin}/published/${resource.resource_id}`
  const fetchTo = async (name: string, file: string) => {
    const answer = await fetch(`${url}/${name}`)
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`)
    await writeFile(join(dir, file), Buffer.from(await answer.arrayBuffer()))
    return join(dir, file)
  }
  const caFile = await fetchTo('ca.pem', 'ca.pem')
  let issued = 0
  return {
    life,
    dir,
    url,
    caFile,
    fetchTo,
    async issue(over: Partial<IssueInput> = {}) {
      const input = { role: 'orders-pki/server', parameters: { host: 'api' }, ...over }
      const { row, fields } = await issueCredential(life.deps, call, input)
      issued += 1
      const file = join(dir, `certificate-${issued}.pem`)
      const certificate = String(fields?.['certificate_pem'])
      await writeFile(file, certificate)
      const key = fields?.['private_key_pem']
      return { row, fields, file, certificate, key: typeof key === 'object' ? key.reveal() : undefined }
    },
    async revoke(credentialId: Parameters<typeof getCredential>[1]) {
      await life.inTenant((tx) =>
        requestRevocation(tx, {
          selector: { kind: 'credential', id: credentialId },
          cause: 'rotation',
          requestedBy: { kind: 'person', id: 'test' },
          now: life.clock.now(),
        }),
      )
    },
    /** What openssl says of a certificate, with the lists as they are now. */
    async verify(file: string, ...more: readonly string[]): Promise<string> {
      const crl = await fetchTo('crl', 'list.crl')
      await run('openssl', ['crl', '-inform', 'DER', '-in', crl, '-out', `${crl}.pem`])
      const lists = ['-crl_check', '-CRLfile', `${crl}.pem`]
      const done = run('openssl', ['verify', '-x509_strict', ...lists, ...more, '-CAfile', caFile, file])
      return done.then(
        ({ stdout }) => stdout,
        (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
      )
    },
    async askOcsp(file: string, ...more: readonly string[]): Promise<string> {
      // A hash holds for the certificates that are named after it.
      const { stdout, stderr } = await run('openssl', [
        'ocsp',
        ...more,
        '-issuer',
        caFile,
        '-cert',
        file,
        '-CAfile',
        caFile,
        '-url',
        `${url}/ocsp`,
      ])
      return stdout + stderr
    },
    async close() {
      await app.close()
      await life.close()
      await store.drop()
    },
  }
}

let pki: Awaited<ReturnType<typeof openPki>>
beforeAll(async () => {
  pki = await openPki()
})
afterAll(() => pki.close())

describe('what is issued', () => {
  test('verifies by openssl to the letter, says what the role says, and has the id of its row as number', async () => {
    const { row, certificate, file, key } = await pki.issue()
    expect(await pki.verify(file)).toContain(': OK')
    const read = new X509Certificate(certificate)
    expect(read.subjectAltName).toBe('DNS:api.orders.example, DNS:localhost')
    expect(read.subject).toBe('O=Example\nCN=api.orders.example')
    expect(read.serialNumber.toLowerCase()).toBe(row.credential_id.replaceAll('-', ''))
    expect(key, 'a key made here is handed over, and binds nothing').toContain('BEGIN PRIVATE KEY')
    expect(row.bound_to).toBe('none')
    expect(read.validToDate.getTime()).toBeLessThanOrEqual(row.expires_at.getTime())
    const { stdout } = await run('openssl', ['x509', '-in', file, '-noout', '-text'])
    expect(stdout).toMatch(/CRL Distribution Points/)
    expect(stdout).toMatch(/Freshest CRL/)
    expect(stdout).toMatch(/OCSP - URI:https:\/\/mayfly\.example\/published\//)
  })

  test('the key that a workload keeps is certified by a request or by itself, and the credential is bound to it', async () => {
    const keyFile = join(pki.dir, 'own.key')
    await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile])
    const csr = async (subject: string, names: string) => {
      const out = join(pki.dir, 'own.csr')
      await run('openssl', [
        'req',
        '-new',
        '-key',
        keyFile,
        '-subj',
        subject,
        '-addext',
        `subjectAltName=${names}`,
        '-out',
        out,
      ])
      return readFile(out, 'utf8')
    }
    const narrowed = await pki.issue({ publicKey: await csr('/CN=api.orders.example', 'DNS:api.orders.example') })
    expect(narrowed.row.bound_to).toBe('key')
    expect(narrowed.key, 'there is no other copy of it').toBeUndefined()
    expect(new X509Certificate(narrowed.certificate).subjectAltName).toBe('DNS:api.orders.example')
    expect(await pki.verify(narrowed.file)).toContain(': OK')

    const { stdout: spki } = await run('openssl', ['pkey', '-in', keyFile, '-pubout'])
    expect((await pki.issue({ publicKey: spki })).row.bound_to).toBe('key')

    const forMore = pki.issue({ publicKey: await csr('/CN=api.orders.example', 'DNS:billing.example') })
    await expect(forMore).rejects.toMatchObject({ code: 'request_invalid' })
    const another = pki.issue({ publicKey: await csr('/CN=billing.example', 'DNS:api.orders.example') })
    await expect(another).rejects.toMatchObject({ code: 'request_invalid' })
    const broken = (await csr('/CN=api.orders.example', 'DNS:api.orders.example')).split('\n')
    const line = broken[3] ?? ''
    broken[3] = line.replace(/.$/, line.endsWith('A') ? 'B' : 'A')
    await expect(pki.issue({ publicKey: broken.join('\n') })).rejects.toMatchObject({ code: 'request_invalid' })
  })
})

describe('what has ended', () => {
  test('is in the list, in the delta and in OCSP as soon as the revocation is recorded; the others are good', async () => {
    const [ended, other] = [await pki.issue(), await pki.issue()]
    expect(await pki.askOcsp(ended.file)).toMatch(/: good/)
    const base = await pki.fetchTo('crl', 'base.crl')
    await pki.revoke(ended.row.credential_id)
    expect(await pki.verify(ended.file)).toContain('certificate revoked')
    expect(await pki.verify(other.file), 'control').toContain(': OK')
    const said = await pki.askOcsp(ended.file)
    expect(said).toMatch(/Response verify OK/)
    expect(said).toMatch(/: revoked/)
    expect(said).toMatch(/Reason: superseded/)
    expect(await pki.askOcsp(other.file), 'control').toMatch(/: good/)
    expect(await pki.askOcsp(other.file, '-sha256'), 'by the other hash').toMatch(/: good/)

    const delta = await pki.fetchTo('delta-crl', 'delta.crl')
    const text = async (file: string) =>
      (await run('openssl', ['crl', '-inform', 'DER', '-in', file, '-noout', '-text'])).stdout
    const serial = ended.row.credential_id.replaceAll('-', '').toUpperCase()
    expect(await text(base), 'control: not in the one from before').not.toContain(serial)
    expect(await text(delta)).toContain(serial)
    expect(await text(delta)).toMatch(/Delta CRL Indicator: critical/)
    expect(await text(await pki.fetchTo('crl', 'now.crl'))).toContain(serial)
  })

  test('a list that says nothing new is the same list, and asking for it changes nothing', async () => {
    const version = () =>
      pki.life.inTenant((tx) =>
        tx.query.selectFrom('resource').select('version').where('name', '=', 'orders-pki').executeTakeFirstOrThrow(),
      )
    const before = await version()
    const list = async () => Buffer.from(await (await fetch(`${pki.url}/crl`)).arrayBuffer()).toString('hex')
    const [first, again] = [await list(), await list()]
    expect(again).toBe(first)
    const one = await pki.issue()
    await pki.revoke(one.row.credential_id)
    expect(await list(), 'control: this says something new').not.toBe(first)
    expect(await version(), 'the resource is as it was').toEqual(before)
  })

  test('is removed by the one path, and its row says so', async () => {
    const one = await pki.issue()
    await pki.life.startWorkers()
    await pki.revoke(one.row.credential_id)
    await until(
      async () => (await pki.life.inTenant((tx) => getCredential(tx, one.row.credential_id))).state === 'revoked',
      { describe: 'it is revoked' },
    )
    await pki.life.stopWorkers()
    const seen = await pki.life.inTenant((tx) => getCredential(tx, one.row.credential_id))
    expect([seen.cut_at, seen.removed_at]).toEqual([expect.any(Date), expect.any(Date)])
  })

  test('a server that reads the list lets it in no more', async () => {
    const [server, client, revoked] = [await pki.issue(), await pki.issue(), await pki.issue()]
    await pki.revoke(revoked.row.credential_id)
    await pki.verify(client.file)
    const [ca, crl] = [await readFile(pki.caFile, 'utf8'), await readFile(join(pki.dir, 'list.crl.pem'), 'utf8')]
    const listener = createServer(
      { key: server.key, cert: server.certificate, ca, crl, requestCert: true, rejectUnauthorized: true },
      (socket) => socket.end('welcome'),
    )
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
    const { port } = listener.address() as AddressInfo
    const greeted = (who: typeof client) =>
      new Promise<string>((done) => {
        let text = ''
        const socket = connect({
          port,
          host: '127.0.0.1',
          servername: 'localhost',
          ca,
          key: who.key,
          cert: who.certificate,
        })
        socket.on('data', (chunk) => (text += chunk.toString()))
        socket.on('error', () => done('refused'))
        socket.on('close', () => done(text === '' ? 'refused' : text))
      })
    expect(await greeted(client), 'control').toBe('welcome')
    expect(await greeted(revoked)).toBe('refused')
    listener.close()
  })

  test('what was never issued is unknown, and other authorities are not answered for', async () => {
    const { file } = await pki.issue()
    const by = async (...args: readonly string[]) => {
      const { stdout, stderr } = await run('openssl', [
        'ocsp',
        '-CAfile',
        pki.caFile,
        '-url',
        `${pki.url}/ocsp`,
        ...args,
      ])
      return stdout + stderr
    }
    expect(await by('-issuer', pki.caFile, '-serial', '0x01a2b3c4d5e67abc8def0123456789ab')).toMatch(/: unknown/)
    expect(await by('-issuer', pki.caFile, '-serial', '77')).toMatch(/: unknown/)
    expect(await pki.askOcsp(file, '-no_nonce'), 'control').toMatch(/: good/)
    const foreign = await run('openssl', [
      'ocsp',
      '-issuer',
      file,
      '-serial',
      '5',
      '-url',
      `${pki.url}/ocsp`,
      '-CAfile',
      pki.caFile,
    ]).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    )
    expect(foreign).toMatch(/unauthorized/)
  })
})

describe('the public surface', () => {
  test('answers by GET with the question in the path, and refuses what is no question', async () => {
    const { file } = await pki.issue()
    const question = join(pki.dir, 'question.der')
    await run('openssl', ['ocsp', '-issuer', pki.caFile, '-cert', file, '-no_nonce', '-reqout', question])
    const encoded = encodeURIComponent((await readFile(question)).toString('base64'))
    const answer = await fetch(`${pki.url}/ocsp/${encoded}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/ocsp-response')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    const malformed = await fetch(`${pki.url}/ocsp`, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request' },
      body: 'not a question',
    })
    expect(Buffer.from(await malformed.arrayBuffer()).toString('hex'), 'malformedRequest').toBe('30030a0101')
  })

  test.each([
    ['an unknown document', (url: string) => fetch(`${url}/secret`)],
    ['an unknown resource', (url: string) => fetch(`${url.slice(0, -1)}${url.endsWith('0') ? '1' : '0'}/crl`)],
    ['no id', (url: string) => fetch(`${url.slice(0, url.lastIndexOf('/'))}/orders-pki/crl`)],
    ['an unknown tenant', (url: string) => fetch(`${url.replace('/published/', '/t/nobody/published/')}/crl`)],
    ['a question without one', (url: string) => fetch(`${url}/ocsp`)],
  ])('%s is not there', async (_what, ask) => {
    expect((await ask(pki.url)).status).toBe(404)
    expect((await fetch(`${pki.url}/crl`)).status, 'control').toBe(200)
  })
})
