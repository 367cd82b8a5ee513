import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { problemOf } from '@mayfly/client'
import { type Clock, systemClock } from '@mayfly/domain'
import { loadConfig, makeLogger, startServer, type StartOverrides } from '@mayfly/server'
import { describe, expect, test } from 'vitest'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { createTestDatabase, makeTempDir, until, withClient } from '../../support/index.ts'

const silent = makeLogger('error', { write: () => undefined })

async function makeKek(path: string): Promise<string> {
  await writeFile(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  return path
}

async function start(environment: Record<string, string>, overrides: StartOverrides = {}) {
  const config = await loadConfig({ MAYFLY_LISTEN: '127.0.0.1:0', ...environment })
  return startServer(config, { logger: silent, ...overrides })
}

const status = async (url: string) => (await fetch(url)).status

describe('a server with its embedded database', () => {
  test('makes what it lacks, is ready, finds everything again, and follows a new key-encryption key', async () => {
    const dir = await makeTempDir('start', 'disk')
    const settings = {
      MAYFLY_DATA_DIR: join(dir, 'data'),
      MAYFLY_KEK_FILE: join(dir, 'kek'),
      MAYFLY_BOOTSTRAP_FILE: join(dir, 'bootstrap'),
    }
    const first = await start(settings)
    expect(await status(`${first.url}/readyz`)).toBe(200)
    expect((await stat(join(dir, 'kek'))).mode & 0o077).toBe(0)
    expect((await stat(join(dir, 'bootstrap'))).mode & 0o077).toBe(0)
    const jwks = await (await fetch(`${first.url}/oauth/jwks`)).text()
    await first.stop()
    await expect(fetch(`${first.url}/healthz`), 'control: it has ended').rejects.toThrow('fetch failed')

    const second = await start(settings)
    expect(await (await fetch(`${second.url}/oauth/jwks`)).text()).toBe(jwks)
    await second.stop()

    const another = { ...settings, MAYFLY_KEK_FILE: await makeKek(join(dir, 'kek-2')) }
    await expect(start(another), 'without the former key').rejects.toMatchObject({ code: 'key_unusable' })
    const rotating = await start({ ...another, MAYFLY_KEK_PREVIOUS_FILE: join(dir, 'kek') })
    expect(await (await fetch(`${rotating.url}/oauth/jwks`)).text()).toBe(jwks)
    await rotating.stop()
    const rotated = await start(another)
    expect(await (await fetch(`${rotated.url}/oauth/jwks`)).text()).toBe(jwks)
    await rotated.stop()
    await expect(start(settings), 'the former key alone').rejects.toMatchObject({ code: 'key_unusable' })
  })
})

describe('a server on an external database', () => {
  async function place() {
    const dir = await makeTempDir('start')
    const store = await createTestDatabase()
    const environment = {
      MAYFLY_DATABASE_URL: store.url,
      MAYFLY_KEK_FILE: await makeKek(join(dir, 'kek')),
      MAYFLY_BOOTSTRAP_FILE: join(dir, 'bootstrap'),
    }
    return { dir, store, environment, [Symbol.asyncDispose]: () => store.drop() }
  }

  test('does not make a key: another server may have it', async () => {
    await using at = await place()
    await expect(start({ ...at.environment, MAYFLY_KEK_FILE: join(at.dir, 'none') })).rejects.toMatchObject({
      code: 'key_unusable',
    })
  })

  test('several start at once, and one bootstrap secret is made', async () => {
    await using at = await place()
    const files = ['one', 'two', 'three'].map((name) => join(at.dir, name))
    const servers = await Promise.all(files.map((file) => start({ ...at.environment, MAYFLY_BOOTSTRAP_FILE: file })))
    const secrets = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => undefined)))
    expect(secrets.filter((secret) => secret !== undefined)).toHaveLength(1)
    const keys = await Promise.all(servers.map(async ({ url }) => (await fetch(`${url}/oauth/jwks`)).text()))
    expect(new Set(keys).size).toBe(1)
    await Promise.all(servers.map((server) => server.stop()))
  })

  test('a clock that is not the database’s: not ready, and no token', async () => {
    await using at = await place()
    let offsetMs = 0
    const clock: Clock = { now: () => new Date(systemClock.now().getTime() + offsetMs) }
    const server = await start(at.environment, { clock })
    expect(await status(`${server.url}/readyz`), 'control').toBe(200)
    offsetMs = 60_000
    const refused = await problemOf(await fetch(`${server.url}/readyz`))
    expect(refused).toMatchObject({ code: 'clock_skewed', status: 503 })
    expect(refused.problem).toMatchObject({ checks: { clock: 'clock_skewed', database: 'ok' } })
    const token = await fetch(`${server.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect(token.status).toBe(503)
    offsetMs = 0
    expect(await status(`${server.url}/readyz`)).toBe(200)
    await server.stop()
  })

  test('a database that goes away: not ready but alive, and ready again when it is back', async () => {
    await using at = await place()
    const server = await start(at.environment)
    const connections = (allowed: boolean) =>
      withClient(at.store.superuserUrl.replace(at.store.name, 'postgres'), async (client) => {
        await client.query(`alter database ${at.store.name} allow_connections ${String(allowed)}`)
        await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [at.store.name])
      })
    await connections(false)
    const refused = await problemOf(await fetch(`${server.url}/readyz`))
    expect(refused).toMatchObject({ status: 503, code: 'database_unavailable' })
    expect(await status(`${server.url}/healthz`)).toBe(200)
    await connections(true)
    await until(async () => (await status(`${server.url}/readyz`)) === 200, {
      withinMs: 15_000,
      describe: 'the server is ready again',
    })
    await server.stop()
  })

  test('with a certificate it speaks TLS only, and says so for a year', async () => {
    await using at = await place()
    const { caPem, certificatePem, keyPem } = makeCertificate('127.0.0.1')
    const files = { MAYFLY_TLS_CERT_FILE: join(at.dir, 'cert.pem'), MAYFLY_TLS_KEY_FILE: join(at.dir, 'key.pem') }
    await writeFile(files.MAYFLY_TLS_CERT_FILE, certificatePem)
    await writeFile(files.MAYFLY_TLS_KEY_FILE, keyPem, { mode: 0o600 })
    const server = await start({ ...at.environment, ...files })
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      httpsGet(`${server.url}/healthz`, { ca: caPem }, resolve).on('error', reject)
    })
    answer.resume()
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000')
    await expect(fetch(`${server.url}/healthz`), 'control: the certificate is checked').rejects.toThrow('fetch failed')
    await expect(fetch(server.url.replace('https', 'http')), 'nothing in clear').rejects.toThrow('fetch failed')
    await server.stop()
  })

  test('metrics count requests by route and say what is due', async () => {
    await using at = await place()
    const server = await start({ ...at.environment, MAYFLY_METRICS_LISTEN: '127.0.0.1:0' })
    await fetch(`${server.url}/v1/owners/some-name`)
    const text = await (await fetch(server.metricsUrl ?? '')).text()
    expect(text).toContain('mayfly_http_request_seconds_count{method="GET",route="/v1/owners/:ref",status="4xx"} 1')
    expect(text).toMatch(/^mayfly_credentials_due 0$/m)
    expect(text).toMatch(/^mayfly_log_lag_seconds \d/m)
    expect(text, 'names stay out').not.toContain('some-name')
    expect(await status(`${server.url}/metrics`), 'control: not on the API').toBe(404)
    await server.stop()
  })

  test('traces go to the collector, with the caller’s trace above and the transaction below', async () => {
    await using at = await place()
    await using collector = await startCollector()
    const server = await start({ ...at.environment, MAYFLY_OTEL_ENDPOINT: collector.url })
    const traceId = randomBytes(16).toString('hex')
    const parentSpanId = randomBytes(8).toString('hex')
    await fetch(`${server.url}/readyz`, { headers: { traceparent: `00-${traceId}-${parentSpanId}-01` } })
    await server.stop()
    const ours = collector.spans.filter((span) => span.traceId === traceId)
    const request = ours.find((span) => span.name === 'GET /readyz')
    expect(request).toMatchObject({ parentSpanId, kind: 2 })
    expect(ours.find((span) => span.name === 'transaction')).toMatchObject({ parentSpanId: request?.spanId, kind: 3 })
  })
})

interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
}

/** An OTLP/HTTP collector that keeps what it is sent. */
async function startCollector() {
  const spans: CollectedSpan[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(text) as {
        resourceSpans: { scopeSpans: { spans: CollectedSpan[] }[] }[]
      }
      spans.push(...resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
