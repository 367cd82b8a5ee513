import { redisProvider } from '@mayfly/provider-redis'
import { expect, test } from 'vitest'
import { makeTempDir, startRedis } from '../../support/index.ts'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { codeOf, noSignal, prepareOn, prepareRedis, requestFor } from './redis-fixture.ts'

test('TLS to Redis is verified in full: the chain, the name, and that it is there at all', async () => {
  const right = makeCertificate('127.0.0.1')
  const server = await startRedis(await makeTempDir('redis'), { withAclFile: true, tls: right })
  await using prepared = await prepareOn([server.access])
  await using plain = await prepareRedis()
  try {
    const attempt = async (caPem: string | undefined, over: object = {}) => {
      const target = await redisProvider.open({
        settings: redisProvider.settings.parse({
          ...prepared.settings,
          tls: { mode: 'verify_full', ...(caPem !== undefined && { ca_pem: caPem }) },
          ...over,
        }),
        secret: redisProvider.secret.parse(prepared.mayflyLogin),
      })
      const code = await codeOf(target.issue(prepared.plan(), requestFor(), noSignal))
      await target.close()
      return code
    }
    expect(await attempt(right.caPem), 'control: the right CA and name').toBe('no error')
    expect(await attempt(makeCertificate('127.0.0.1').caPem), 'another CA').toBe('target_unsafe')
    expect(await attempt(undefined), 'the CAs of the system').toBe('target_unsafe')
    expect(await attempt(right.caPem, { host: 'localhost' }), 'a name that is not in it').toBe('target_unsafe')
    expect(await attempt(right.caPem, { port: plain.access.port }), 'a server without TLS').not.toBe('no error')
    const issued = await prepared.issue()
    expect(String(issued.account.fields['connection_url'])).toBe('[secret]')
  } finally {
    await server.stop()
  }
})
