/** Certificates before a TLS server that reads the list anew for each connection: OpenSSL judges, by way of Node. */
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { type CredentialId, encodePem, isX509Fault, newId, parseCrl } from '@mayfly/domain'
import { x509Permission, x509Provider, x509Secret, x509Settings, type X509Target } from '@mayfly/provider-x509'
import { serialNumberOf } from '@mayfly/provider-kit'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { endsOf } from '../published.ts'
import { type DeadTarget, textOf } from './dead-target.ts'

const signal = new AbortController().signal
/** What OpenSSL calls a certificate that is on the list; `ECONNRESET`: it closed before that could be read. */
const refusals = new Set([
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED',
  'ECONNRESET',
])

export async function startDeadX509(): Promise<DeadTarget> {
  const settings = x509Settings.parse({ common_name: 'Bench CA' })
  const made = await x509Provider.completeSecret(settings, x509Secret.parse({}), undefined)
  const secret = x509Secret.parse(JSON.parse(made.reveal()))
  const permission = { common_name: 'worker', dns: ['worker.example'], uses: ['client'] }
  let publisher: X509Target | undefined
  let identity: { readonly key: string; readonly cert: string; readonly ca: string } | undefined
  const server = createServer({ requestCert: true, rejectUnauthorized: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.on('tlsClientError', () => undefined)

  async function list(): Promise<Uint8Array> {
    const said = await publisher?.publish({ document: 'crl' }, signal)
    if (said === undefined) throw new Error('there is no list')
    return said.body
  }

  return {
    kind: 'x509',
    provider: x509Provider as unknown as Provider,
    // Each login makes the server read a list of all that have ended: more of them would be measured themselves.
    watch: { logins: 3, sessions: 0 },
    resource: { settings: { common_name: 'Bench CA' }, secret: JSON.parse(made.reveal()), permission },
    async attach(life, resourceId) {
      publisher = await x509Provider.open({ settings, secret, published: endsOf(life, resourceId) })
      const own = await publisher.issue(
        x509Provider.plan(newId<CredentialId>()),
        {
          permission: x509Permission.parse({ common_name: 'server', dns: ['localhost'], uses: ['server'] }),
          parameters: {},
          expiresAt: new Date(Date.now() + 6 * 3_600_000),
          createDeadlineAt: new Date(Date.now() + 60_000),
        },
        signal,
      )
      identity = {
        key: textOf(own.fields, 'private_key_pem'),
        cert: textOf(own.fields, 'certificate_pem'),
        ca: textOf(own.fields, 'ca_certificate_pem'),
      }
      await once(server.listen(0, '127.0.0.1'), 'listening')
    },
    async logIn(fields) {
      if (identity === undefined) throw new Error('it has no certificate')
      server.setSecureContext({ ...identity, crl: encodePem('X509 CRL', await list()) })
      const socket = connect({
        host: '127.0.0.1',
        port: (server.address() as AddressInfo).port,
        servername: 'localhost',
        ca: identity.ca,
        cert: textOf(fields, 'certificate_pem'),
        key: textOf(fields, 'private_key_pem'),
      })
      try {
        // With TLS 1.3 the client learns of a refusal when it reads.
        socket.write('hello')
        const closed = once(socket, 'close').then(() => false)
        return await Promise.race([once(socket, 'data').then(() => true), closed])
      } catch (error) {
        if (refusals.has((error as { code?: string }).code ?? '')) return false
        throw error
      } finally {
        socket.on('error', () => undefined).destroy()
      }
    },
    async present(handles) {
      const crl = parseCrl(await list())
      if (isX509Fault(crl)) throw new Error(crl.fault)
      const stays = handles.filter(({ credentialId }) => !crl.revoked.has(serialNumberOf(credentialId)))
      return new Set(stays.map(({ accountName }) => accountName))
    },
    async close() {
      await publisher?.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
