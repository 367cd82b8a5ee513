import { postgresProvider } from '@mayfly/provider-postgres'
import { describe, expect, test } from 'vitest'
import { startDurableCluster } from '../../support/index.ts'
import { makeCertificate } from './make-certificate.ts'
import { codeOf, noSignal, preparePostgres, requestFor, revoke, versions } from './postgres-fixture.ts'
import { turnOnTls } from './server-files.ts'

describe.each(versions)('TLS to PostgreSQL %s', (version) => {
  test('is verified in full: the chain, the name, and that it is there at all', async () => {
    await using cluster = await startDurableCluster({ version })
    await using prepared = await preparePostgres(version, 'functions', cluster.access)
    const attempt = async (tls: object, host = '127.0.0.1') => {
      const target = await postgresProvider.open({
        settings: postgresProvider.settings.parse({ ...prepared.settings, host, tls }),
        secret: postgresProvider.secret.parse(prepared.mayflyLogin),
      })
      const handle = prepared.plan()
      const code = await codeOf(target.issue(handle, requestFor(prepared.readers), noSignal))
      await target.close()
      await revoke(prepared.target, handle)
      return code
    }
    const right = makeCertificate('127.0.0.1')
    const verify = (caPem?: string) => ({ mode: 'verify_full', ...(caPem !== undefined && { ca_pem: caPem }) })
    expect(await attempt(verify(right.caPem)), 'a server without TLS').toBe('target_unsafe')

    await turnOnTls(cluster, right)
    expect(await attempt(verify(right.caPem)), 'control: the right CA and name').toBe('no error')
    expect(await attempt(verify(makeCertificate('127.0.0.1').caPem)), 'another CA').toBe('target_unsafe')
    expect(await attempt(verify()), 'the CAs of the system').toBe('target_unsafe')
    expect(await attempt(verify(right.caPem), 'localhost'), 'a name that is not in the certificate').toBe(
      'target_unsafe',
    )

    const other = makeCertificate('localhost')
    await turnOnTls(cluster, other)
    expect(await attempt(verify(other.caPem), 'localhost'), 'control: by name').toBe('no error')
    expect(await attempt(verify(other.caPem)), 'an address that is not in the certificate').toBe('target_unsafe')
  })
})
