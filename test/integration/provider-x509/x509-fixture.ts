/** An authority of a company, its certificates through the whole server, and openssl that judges what is published. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { defaultTenantId, type JsonValue, MayflyError } from '@mayfly/domain'
import { x509Provider } from '@mayfly/provider-x509'
import { fastify } from 'fastify'
import { issueCredential } from '../../../packages/server/src/application/credential/issue-credential.ts'
import type { IssueInput } from '../../../packages/server/src/application/credential/issue-request.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import type { getCredential } from '../../../packages/server/src/store/credential-rows.ts'
import { publishedPlugin } from '../../../packages/server/src/surfaces/http/published.ts'
import { createTestDatabase, makeTempDir } from '../../support/index.ts'
import { openLifecycle } from '../lifecycle/open-lifecycle.ts'

const run = promisify(execFile)

export const pkiSettings = { common_name: 'Orders internal CA', organization: 'Example' }

export type Pki = Awaited<ReturnType<typeof openPki>>

/** @param secret the authority; empty: Mayfly makes it */
export async function openPki(secret: JsonValue = {}) {
  const [store, dir] = await Promise.all([createTestDatabase(), makeTempDir('x509')])
  const life = await openLifecycle(store.url, { providers: [x509Provider] })
  await life.makePerson('ada@example.org', 'administrator')
  await life.makeOwner('orders-team', 'ada@example.org')
  const identity = await life.makeIdentity('orders-api', 'orders-team')
  const resource = await life.makeTarget('orders-pki', 'orders-team', {
    provider: 'x509',
    settings: pkiSettings,
    secret,
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
    resourceId: resource.resource_id,
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
