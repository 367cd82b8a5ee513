/** The account suite before a TLS server that asks for a certificate and knows the list: OpenSSL judges, by way of Node. */
import { once } from 'node:events'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { encodePem } from '@mayfly/domain'
import {
  conformanceCases,
  createMemoryEnds,
  hostileTexts,
  type IssuedAccount,
  Secret,
  type MemoryEnds,
} from '@mayfly/provider-kit'
import {
  type X509Permission,
  x509Permission,
  x509Provider,
  type X509Secret,
  x509Secret,
  type X509Settings,
  x509Settings,
  type X509Target,
} from '@mayfly/provider-x509'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const noSignal = new AbortController().signal
const settings = x509Settings.parse({ common_name: 'Conformance CA' })
const permission: X509Permission = x509Permission.parse({
  common_name: 'worker',
  dns: ['worker.example'],
  uses: ['client'],
})
const textOf = (account: IssuedAccount, name: string) => {
  const value = account.fields[name]
  return value instanceof Secret ? value.reveal() : String(value ?? '')
}

describe('the x509 provider before a TLS server that knows the list', () => {
  let ends: MemoryEnds
  let secret: X509Secret
  let publisher: X509Target
  let server: Server
  let serverIdentity: { readonly key: string; readonly cert: string; readonly ca: string }

  const openRaw = () => x509Provider.open({ settings, secret, published: ends })
  beforeAll(async () => {
    ends = createMemoryEnds()
    const made = await x509Provider.completeSecret(settings, x509Secret.parse({}), undefined)
    secret = x509Secret.parse(JSON.parse(made.reveal()))
    publisher = await openRaw()
    const own = await publisher.issue(
      x509Provider.plan('01999999-9999-7999-8999-999999999999' as never),
      {
        permission: { ...permission, common_name: 'server', dns: ['localhost'], uses: ['server'] },
        parameters: {},
        expiresAt: new Date(Date.now() + 3_600_000),
        createDeadlineAt: new Date(Date.now() + 60_000),
      },
      noSignal,
    )
    serverIdentity = {
      key: textOf(own, 'private_key_pem'),
      cert: textOf(own, 'certificate_pem'),
      ca: textOf(own, 'ca_certificate_pem'),
    }
    server = createServer({ ...(await contextNow()), requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => socket.destroy())
      socket.pipe(socket)
    })
    server.on('tlsClientError', () => undefined)
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve))
    await publisher.close()
  })

  async function contextNow() {
    const list = await publisher.publish({ document: 'crl' }, noSignal)
    return { ...serverIdentity, crl: encodePem('X509 CRL', list?.body ?? new Uint8Array(0)) }
  }

  /** @returns the session; undefined where the server refuses it, or what was issued is no certificate with its key */
  async function logIn(account: IssuedAccount): Promise<TLSSocket | undefined> {
    // As a server that fetches the list before each login.
    server.setSecureContext(await contextNow())
    let socket: TLSSocket
    try {
      socket = connect({
        host: '127.0.0.1',
        port: (server.address() as AddressInfo).port,
        servername: 'localhost',
        ca: serverIdentity.ca,
        cert: textOf(account, 'certificate_pem'),
        key: textOf(account, 'private_key_pem'),
      })
    } catch (error) {
      // What OpenSSL refuses to load has a code; everything else is no verdict.
      if (typeof (error as { code?: unknown }).code !== 'string') throw error
      return undefined
    }
    const answered = once(socket, 'data').then(() => socket)
    const refused = once(socket, 'close').then(() => undefined)
    socket.on('error', () => undefined)
    // With TLS 1.3 the client learns of a refusal when it reads.
    socket.write('hello')
    return Promise.race([answered.catch(() => undefined), refused])
  }

  async function open(): Promise<X509Target> {
    const target = await openRaw()
    return {
      ...target,
      // Authority ends in the database before the target is told; here, in what stands for it.
      revoke(handles, report, signal) {
        if (!signal.aborted) ends.end(handles, new Date(Date.now() + 300_000))
        return target.revoke(handles, report, signal)
      },
    }
  }

  const cases = conformanceCases<X509Settings, X509Permission, X509Secret>({
    provider: x509Provider,
    open,
    permission,
    hostilePermissions: hostileTexts.map((text) => ({ ...permission, dns: [text] })),
    get adminSecrets() {
      return [secret.ca_private_key_pem?.reveal() ?? '']
    },
    async canLogIn(account) {
      const socket = await logIn(account)
      socket?.destroy()
      return socket !== undefined
    },
    async openSession(account) {
      const socket = await logIn(account)
      if (socket === undefined) throw new Error('no session')
      return {
        async isAlive() {
          if (socket.destroyed) return false
          socket.write('are you there')
          return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)])
        },
        close: async () => void socket.destroy(),
      }
    },
  })
  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })
})
