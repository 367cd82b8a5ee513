/** Certificates through the whole server: issued, verified, ended, and told so. The judges are openssl and Node's TLS. */
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getCredential } from '../../../packages/server/src/store/credential-rows.ts'
import { until } from '../../support/index.ts'
import { openPki, type Pki } from './x509-fixture.ts'

const run = promisify(execFile)

let pki: Pki
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
