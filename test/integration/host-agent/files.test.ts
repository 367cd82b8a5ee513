/** SVIDs and credentials as files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { makeTempDir, until } from '../../support/index.ts'
import { startHostAgentWorld } from './host-agent-fixture.ts'

const audience = 'https://orders.example.com'

async function makeEntry() {
  const dir = await makeTempDir('files')
  const path = (name: string) => join(dir, name)
  const entry = {
    name: 'orders',
    certificate: path('tls.crt'),
    key: path('tls.key'),
    bundle: path('ca.pem'),
    jwt: [{ audience: [audience], path: path('token.jwt') }],
    credentials: [{ role: 'orders-db/readonly', path: path('db.json') }],
  }
  const bind = [{ identity: 'orders', selectors: ['mayfly:file:orders'] }]
  return { dir, path, entry, bind }
}

test('certificate, key, bundle, token and credential are written whole, for their owner, and renewed', async () => {
  const { dir, path, entry, bind } = await makeEntry()
  const told = path('told')
  await using world = await startHostAgentWorld({
    bind,
    settings: { x509TtlSeconds: 4, jwtTtlSeconds: 4 },
    config: { files: [{ ...entry, mode: '0640', after_change: { command: ['/bin/sh', '-c', `echo x >> ${told}`] } }] },
  })
  await until(() => existsSync(told), { describe: 'the first files are written, and it is told' })
  const certificate = () => new X509Certificate(readFileSync(entry.certificate))
  const first = certificate()
  expect(first.subjectAltName).toBe(`URI:${world.server.spiffeId('orders')}`)
  expect(first.checkPrivateKey(createPrivateKey(readFileSync(entry.key)))).toBe(true)
  expect(first.verify(new X509Certificate(readFileSync(entry.bundle)).publicKey)).toBe(true)
  const token = readFileSync(path('token.jwt'), 'utf8')
  expect(decodeJwt(token)).toMatchObject({ sub: world.server.spiffeId('orders'), aud: [audience] })
  const credential = JSON.parse(readFileSync(path('db.json'), 'utf8')) as { fields: object; role: string }
  expect(credential).toMatchObject({ role: 'orders-db/readonly', fields: { username: 'user-of-orders' } })
  for (const name of ['tls.crt', 'tls.key', 'ca.pem', 'token.jwt', 'db.json']) {
    expect(statSync(path(name)).mode & 0o777, name).toBe(0o640)
  }
  expect(world.server.asked.find(({ selectors }) => selectors.includes('mayfly:file:orders'))?.instance).toContain(
    `/${process.pid}/`,
  )
  await until(
    () => certificate().serialNumber !== first.serialNumber && readFileSync(path('token.jwt'), 'utf8') !== token,
    {
      describe: 'both are renewed',
      withinMs: 10_000,
    },
  )
  await until(() => certificate().checkPrivateKey(createPrivateKey(readFileSync(entry.key))), {
    describe: 'key and certificate belong together',
  })
  await until(() => readFileSync(told, 'utf8').length > 2, { describe: 'it is told again' })
  expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('what was revoked is removed; what is not bound is not written', async () => {
  const { path, entry, bind } = await makeEntry()
  const other = { name: 'other', bundle: path('other.pem') }
  await using world = await startHostAgentWorld({ bind, config: { files: [entry, other] } })
  await until(() => existsSync(path('db.json')), { describe: 'they are written' })
  expect(existsSync(path('other.pem')), 'control: nobody is bound to it').toBe(false)
  world.server.suspend('orders')
  const secret = [entry.key, entry.certificate, path('token.jwt'), path('db.json')]
  await until(() => secret.every((file) => !existsSync(file)), { describe: 'they are gone' })
  expect(existsSync(entry.bundle), 'what is public stays').toBe(true)
})

test('the process of a pid file is sent a signal after a change', async () => {
  const { path, entry, bind } = await makeEntry()
  const trapped = spawn('/bin/sh', ['-c', `trap 'echo reload; exit 0' HUP; echo ready; while :; do sleep 0.05; done`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(trapped.stdout, 'data')
    await writeFile(path('app.pid'), `${trapped.pid}\n`)
    const files = [{ ...entry, credentials: [], after_change: { pid_file: path('app.pid') } }]
    await using world = await startHostAgentWorld({ bind, config: { files } })
    const [text] = await once(trapped.stdout, 'data')
    expect(String(text)).toBe('reload\n')
    await until(() => world.logLines.find((line) => line.includes('file_change_told')), { describe: 'it is logged' })
  } finally {
    trapped.kill('SIGKILL')
  }
})

test('a folder that is missing is told, and tried again', async () => {
  const { path, bind } = await makeEntry()
  const { mkdir } = await import('node:fs/promises')
  const files = [{ name: 'orders', bundle: path('later/ca.pem') }]
  await using world = await startHostAgentWorld({ bind, config: { files } })
  await until(() => world.logLines.find((line) => line.includes('files_not_written')), { describe: 'it is told' })
  await mkdir(path('later'))
  await until(() => existsSync(path('later/ca.pem')), { describe: 'it is written', withinMs: 20_000 })
  expect(readFileSync(path('later/ca.pem'), 'utf8')).toContain('BEGIN CERTIFICATE')
})
