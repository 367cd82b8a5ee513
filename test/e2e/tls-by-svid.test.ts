/** A server whose certificate is an SVID, and the command that believes it by its trust bundle; files that change on SIGHUP. */
import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../integration/provider-postgres/make-certificate.ts'
import { makeTempDir, until } from '../support/index.ts'
import { cleanEnvironment, type RunningCommand, startMayfly } from './run-mayfly.ts'

interface Started {
  readonly url: string
  readonly dir: string
  readonly server: RunningCommand
  readonly run: (args: readonly string[]) => RunningCommand['ended']
}

async function startDev(environment: (dir: string) => Record<string, string>): Promise<Started> {
  const dir = await makeTempDir('tls')
  const env = cleanEnvironment(dir)
  const args = ['dev', '--data-dir', `${dir}/.mayfly`, '--listen', '127.0.0.1:0']
  const server = startMayfly(args, { env: { ...env, ...environment(dir) }, cwd: dir })
  onTestFinished(async () => {
    server.child.kill('SIGTERM')
    await server.ended
  })
  const url = await until(
    () => {
      if (server.child.exitCode !== null) throw new Error(server.stderr())
      return /^(\S+)\n/.exec(server.stdout())?.[1]
    },
    { describe: 'mayfly dev tells its address', withinMs: 45_000 },
  )
  const run = (more: readonly string[]) => startMayfly([...more, '--url', url], { env, cwd: dir }).ended
  return { url, dir, server, run }
}

test('the first administrator signs in by the trust bundle that the server wrote, which is remembered', async () => {
  const { url, dir, run } = await startDev((at) => ({
    MAYFLY_TLS: 'svid',
    MAYFLY_TRUST_BUNDLE_FILE: `${at}/bundle.json`,
  }))
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/)
  const login = ['login', '--bootstrap-file', `${dir}/.mayfly/bootstrap`, '--name', 'Ada', '--email', 'ada@example.com']
  const blind = await run(login)
  expect(blind.code, 'control: nobody vouches for the server').not.toBe(0)
  expect(blind.stderr).toMatch(/certificate|self-signed|verify/)
  const signedIn = await run([...login, '--trust-bundle', `${dir}/bundle.json`])
  expect(signedIn.code, signedIn.stderr).toBe(0)
  const whoami = await run(['whoami'])
  expect(whoami.code, whoami.stderr).toBe(0)
  expect(whoami.stdout).toContain('ada@example.com')

  const before = JSON.parse(await readFile(`${dir}/bundle.json`, 'utf8')) as { spiffe_sequence: number }
  const rotated = await run(['ca', 'rotate'])
  expect(rotated.code, rotated.stderr).toBe(0)
  await until(
    async () =>
      (JSON.parse(await readFile(`${dir}/bundle.json`, 'utf8')) as typeof before).spiffe_sequence >
      before.spiffe_sequence,
    { describe: 'the file follows the bundle', withinMs: 10_000 },
  )
}, 120_000)

test('a server takes new certificate files on SIGHUP, and goes on', async () => {
  const [one, two] = [makeCertificate('127.0.0.1'), makeCertificate('127.0.0.1')]
  const files = await makeTempDir('files')
  const write = async (pair: typeof one) => {
    for (const [name, text] of [
      ['tls.crt', pair.certificatePem],
      ['tls.key', pair.keyPem],
    ] as const) {
      await writeFile(join(files, `${name}.new`), text, { mode: 0o600 })
      await rename(join(files, `${name}.new`), join(files, name))
    }
  }
  await write(one)
  const { url, server } = await startDev(() => ({
    MAYFLY_TLS_CERT_FILE: join(files, 'tls.crt'),
    MAYFLY_TLS_KEY_FILE: join(files, 'tls.key'),
  }))
  const shown = async () => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256
    socket.destroy()
    return fingerprint
  }
  expect(await shown()).toBe(new X509Certificate(one.certificatePem).fingerprint256)
  await write(two)
  server.child.kill('SIGHUP')
  await until(async () => (await shown()) === new X509Certificate(two.certificatePem).fingerprint256, {
    describe: 'the listener shows the new certificate',
    withinMs: 4_000,
  })
  expect(server.child.exitCode, 'it goes on').toBeNull()
}, 120_000)
