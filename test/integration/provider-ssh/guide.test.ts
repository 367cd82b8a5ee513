/** The script of the guide, run as printed on a host of its own: a real sshd, sudo, and the user that it makes. */
import { join } from 'node:path'
import { createMemoryEnds, type RevokeReport } from '@mayfly/provider-kit'
import { newId } from '@mayfly/domain'
import { sshProvider, sshSecret, sshSettings } from '@mayfly/provider-ssh'
import { expect, test } from 'vitest'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { sshGuide } from '../../../packages/providers/ssh/src/ssh-guide.ts'
import { makeTempDir } from '../../support/index.ts'
import { findProgram } from '../../support/servers/find-program.ts'
import { startPrivateHost } from '../../support/servers/private-host.ts'
import { spawnServer } from '../../support/servers/spawn-server.ts'
import { acceptsConnections } from '../../support/servers/start-sshd.ts'
import { authorityLine, canLogIn, makeSecret, noSignal, openSession, recording, tester } from './ssh-fixture.ts'

const timeoutMs = 60_000

async function prepareHost() {
  const dir = await makeTempDir('guided')
  const sshd = await findProgram({ names: ['sshd'], debianPackage: 'openssh-server' })
  await findProgram({ names: ['sudo'], debianPackage: 'sudo' })
  const host = await startPrivateHost(join(dir, 'host'))
  const run = async (args: readonly string[], input?: string) => {
    const ran = await host.run(args, input)
    if (ran.exitCode !== 0) throw new Error(`${args.join(' ')}: ${ran.exitCode}: ${ran.stderr}`)
    return ran.stdout
  }
  await run(['ssh-keygen', '-A'])
  // Whom a certificate logs in as, as on any host.
  await run(['useradd', '--create-home', '--shell', '/bin/sh', 'orders-deploy'])
  const secret = sshSecret.parse(JSON.parse((await makeSecret()).reveal()))
  return { dir, sshd, host, run, secret }
}

test(
  'the script sets a host up: Mayfly gets in by its own user and sudo, a certificate logs in, and ends with its session',
  async () => {
    const { dir, sshd, host, run, secret } = await prepareHost()
    await using _host = host
    const guide = sshGuide()
    const early = await host.run(['sh'], guide)
    expect(early.exitCode, 'control: without the authority it changes nothing').toBe(1)
    expect(early.stderr).toContain('fetch the user authority first')
    await run(['sh', '-c', 'cat >/etc/ssh/mayfly-user-ca.pub'], `${authorityLine(secret, 'user_authority_key')}\n`)
    await run(['sh'], guide)
    const first = await run(['cat', '/etc/ssh/mayfly/number'])
    await run(['sh'], guide)
    expect(await run(['cat', '/etc/ssh/mayfly/number']), 'run again it keeps what is there').toBe(first)

    const port = await findFreePort()
    const [command, ...args] = host.command(sshd, '-D', '-e', '-p', `${port}`, '-o', 'ListenAddress=127.0.0.1')
    const server = await spawnServer({ command, args, ready: () => acceptsConnections(port) })
    try {
      const settings = sshSettings.parse({
        hosts: [
          {
            address: '127.0.0.1',
            port,
            user: 'mayfly',
            host_key: (await run(['cat', '/etc/ssh/ssh_host_ed25519_key.pub'])).split(' ').slice(0, 2).join(' '),
          },
        ],
        connect_timeout_ms: 30_000,
        request_timeout_ms: 20_000,
      })
      const ends = createMemoryEnds()
      const target = await sshProvider.open({ settings, secret, published: ends })
      const findings = await target.check({ newHandle: () => sshProvider.plan(newId()) }, noSignal)
      expect(findings.map(({ outcome, detail }) => `${outcome}: ${detail}`)).toEqual([
        'passed: Mayfly gets in, and the clock is right',
        'passed: a certificate logged in, was ended with its session, and is refused',
      ])
      const handle = sshProvider.plan(newId())
      const account = await target.issue(
        handle,
        {
          permission: { ...tester, principals: ['orders-deploy'] },
          parameters: {},
          expiresAt: new Date(Date.now() + 300_000),
          createDeadlineAt: new Date(Date.now() + 20_000),
        },
        noSignal,
      )
      const place = { dir, settings, sshd: { port, user: 'orders-deploy' } }
      expect(await canLogIn({ ...place, sshd: { port, user: 'root' } }, account), 'control: as nobody else').toBe(false)
      const session = await openSession(place, account)
      ends.end([handle], new Date(Date.now() + 300_000))
      const { told, report }: { told: string[]; report: RevokeReport } = recording()
      await target.revoke([handle], report, noSignal)
      expect(told).toEqual([`cut ${handle.accountName}`, `removed ${handle.accountName}`])
      expect(await session.isAlive()).toBe(false)
      expect(await canLogIn(place, account)).toBe(false)
      await session.close()
      await target.close()
    } finally {
      await server.stop()
    }
  },
  timeoutMs,
)
