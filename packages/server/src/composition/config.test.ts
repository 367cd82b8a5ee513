import { MayflyError } from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import { behindTlsProxyConsent, describeConfigFaults, loadConfig } from './config.ts'

async function refusal(environment: Record<string, string>): Promise<string> {
  try {
    await loadConfig(environment)
  } catch (error) {
    if (error instanceof MayflyError && error.code === 'configuration_invalid') return describeConfigFaults(error)
    throw error
  }
  throw new Error('it was taken')
}

describe('the configuration', () => {
  test('needs nothing, and then listens on loopback with a database of its own', async () => {
    const config = await loadConfig({ PATH: '/bin', HOME: '/root' })
    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 7420 },
      database: { kind: 'embedded' },
      trustedProxies: [],
      trustDomain: 'mayfly.internal',
    })
    expect(config.publicUrl).toBeUndefined()
  })

  test('tells every fault at once, misspelt keys included', async () => {
    expect(
      await refusal({
        MAYFLY_LISTN: '127.0.0.1:7420',
        MAYFLY_LOG_LEVEL: 'verbose',
        MAYFLY_DATABASE_POOL_SIZE: 'many',
        MAYFLY_PUBLIC_URL: 'ftp://mayfly.example.com',
        MAYFLY_TRUSTED_PROXIES: '10.0.0.0/8,10.0.0.0/0,proxy',
        SOMETHING_ELSE: 'is not our business',
      }),
    ).toBe(
      [
        'configuration is not usable',
        '  `MAYFLY_PUBLIC_URL`: is not an http:// or https:// URL',
        '  `MAYFLY_TRUSTED_PROXIES`: `10.0.0.0/0` is not an address or CIDR, e.g. `10.0.0.7` or `10.0.0.0/24`',
        '  `MAYFLY_TRUSTED_PROXIES`: `proxy` is not an address or CIDR, e.g. `10.0.0.7` or `10.0.0.0/24`',
        '  `MAYFLY_DATABASE_POOL_SIZE`: is not a number',
        '  `MAYFLY_LOG_LEVEL`: must be `debug` or `info` or `warn` or `error`',
        '  unrecognised key `MAYFLY_LISTN` (did you mean `MAYFLY_LISTEN`?)',
      ].join('\n'),
    )
  })

  test('off loopback it wants a certificate, or the words that say what it costs without', async () => {
    const open = { MAYFLY_LISTEN: '0.0.0.0:7420', MAYFLY_PUBLIC_URL: 'https://mayfly.example.com' }
    expect(await refusal(open)).toContain('`MAYFLY_LISTEN`: `0.0.0.0` is not loopback')
    expect(await refusal({ ...open, MAYFLY_BEHIND_TLS_PROXY: 'true' })).toContain(behindTlsProxyConsent)
    const behind = await loadConfig({ ...open, MAYFLY_BEHIND_TLS_PROXY: behindTlsProxyConsent })
    expect(behind.publicUrl, 'control').toBe('https://mayfly.example.com')
    expect(await refusal({ MAYFLY_LISTEN: '0.0.0.0:7420', MAYFLY_BEHIND_TLS_PROXY: behindTlsProxyConsent })).toContain(
      '`MAYFLY_PUBLIC_URL`: is required',
    )
    expect(await refusal({ MAYFLY_PUBLIC_URL: 'http://mayfly.example.com' })).toContain('must be `https`')
  })

  test('the public URL may have a path that a proxy takes away, in one way of writing', async () => {
    const publicUrl = async (url: string) => (await loadConfig({ MAYFLY_PUBLIC_URL: url })).publicUrl
    expect(await publicUrl('https://example.com/mayfly/')).toBe('https://example.com/mayfly')
    expect(await publicUrl('HTTPS://Example.com:443/tools/mayfly')).toBe('https://example.com/tools/mayfly')
    expect(await publicUrl('https://example.com/')).toBe('https://example.com')
    for (const path of ['//', '/a//b', '/a%2fb', '/a?b', '/a#b', '/ä', '/a;b']) {
      expect(await refusal({ MAYFLY_PUBLIC_URL: `https://example.com${path}` }), path).toContain('`MAYFLY_PUBLIC_URL`')
    }
    expect(await refusal({ MAYFLY_PUBLIC_URL: 'https://ada@example.com' })).toContain('must have no user')
  })

  test('the key does not lie in the data that it protects', async () => {
    const files = { MAYFLY_DATA_DIR: '/srv/mayfly', MAYFLY_KEK_FILE: '/srv/mayfly/kek' }
    expect(await refusal(files)).toContain('a copy of the data would hold the key to it')
    const apart = await loadConfig({ ...files, MAYFLY_KEK_FILE: '/srv/mayfly-kek' })
    expect(apart.kek, 'control').toEqual({ file: '/srv/mayfly-kek' })
    expect(await refusal({ ...files, MAYFLY_KEK_FILE: '/srv/kek', MAYFLY_KEK: 'x' })).toContain('give one of them')
  })

  test('files that it needs are read, and a missing one is named', async () => {
    const tls = { MAYFLY_TLS_CERT_FILE: '/nowhere/cert.pem', MAYFLY_TLS_KEY_FILE: '/nowhere/key.pem' }
    const text = await refusal(tls)
    expect(text).toContain('`MAYFLY_TLS_CERT_FILE`: `/nowhere/cert.pem` cannot be read')
    expect(text).toContain('`MAYFLY_TLS_KEY_FILE`: `/nowhere/key.pem` cannot be read')
    expect(await refusal({ MAYFLY_TLS_CERT_FILE: '/nowhere/cert.pem' })).toContain('`MAYFLY_TLS_KEY_FILE`: is required')
  })

  test('what is secret in it prints as such', async () => {
    const config = await loadConfig({ MAYFLY_DATABASE_URL: 'postgres://mayfly:hunter2@127.0.0.1/mayfly' })
    expect(JSON.stringify(config)).not.toContain('hunter2')
    expect(config.database.kind === 'external' && config.database.url.reveal(), 'control').toContain('hunter2')
  })

  test.each(['127.0.0.1', '127.0.0.1:', ':7420', '127.0.0.1:70000', '::1:7420', '[::2', '[host]:1'])(
    '`%s` is no address to listen on',
    async (address) => {
      expect(await refusal({ MAYFLY_LISTEN: address })).toContain('`MAYFLY_LISTEN`: is not `host:port`')
    },
  )

  test('an IPv6 address stands in brackets', async () => {
    expect((await loadConfig({ MAYFLY_LISTEN: '[::1]:0' })).listen).toEqual({ host: '::1', port: 0 })
  })
})
