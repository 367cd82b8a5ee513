/**
 * An sshd of its own on a free port, with a host key of its own, set up as `mayfly resource guide ssh` says; but for the
 * user that serves Mayfly, which is the one that runs the test: no user is made on the machine.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findFreePort } from '../../../packages/server/src/adapters/embedded-postgres/find-free-port.ts'
import { findProgram } from './find-program.ts'
import { type ServerProcess, spawnServer } from './spawn-server.ts'

const run = promisify(execFile)

export interface SshdOptions {
  /** The line of the authority for users. */
  readonly userAuthority: string
  /** Principals that may log in as the user of the test. */
  readonly principals: readonly string[]
  /** The same for other users of the machine. */
  readonly others?: Readonly<Record<string, readonly string[]>>
  /** A host certificate: its line. Made for the host key that `makeHostKey` made. */
  readonly hostCertificate?: string
  /** Lines for `sshd_config`. */
  readonly settings?: readonly string[]
}

export interface RunningSshd {
  readonly port: number
  /** Who logs in. */
  readonly user: string
  /** Line of its host key. */
  readonly hostKey: string
  /** Where its lists are. */
  readonly lists: string
  /** What it has logged so far. */
  log(): string
  /** Stops listening; sessions that are open go on, as with any sshd. */
  stop(): Promise<void>
  /** Listens again, at the same port. */
  start(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const program = new URL('../../../packages/providers/ssh/host/mayfly-ssh', import.meta.url).pathname

/** @returns the line of the public key */
export async function makeHostKey(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true })
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(dir, 'host_key')])
  return (await readFile(join(dir, 'host_key.pub'), 'utf8')).trim()
}

/** @param dir its own folder, where `makeHostKey` has been */
export async function startSshd(dir: string, options: SshdOptions): Promise<RunningSshd> {
  const sshd = await findProgram({ names: ['sshd'], debianPackage: 'openssh-server' })
  await findProgram({ names: ['ssh'], debianPackage: 'openssh-client' })
  // By perl's own path: sshd asks only programs in folders where nobody but root can write, which a checkout may not be.
  const command = `${await findProgram({ names: ['perl'], debianPackage: 'perl-base' })} -T ${program}`
  const user = userInfo().username
  const [lists, runDir, config] = [join(dir, 'lists'), join(dir, 'run'), join(dir, 'sshd_config')]
  await mkdir(join(lists, 'principals.d'), { recursive: true })
  // Debian makes it when the service starts; without it sshd refuses to.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  await run('ssh-keygen', ['-q', '-k', '-f', join(lists, 'krl')])
  const sha256 = createHash('sha256')
    .update(await readFile(join(lists, 'krl')))
    .digest('hex')
  await Promise.all([
    writeFile(join(lists, 'ended'), ''),
    writeFile(join(lists, 'number'), `0 ${sha256}\n`),
    writeFile(join(lists, 'agent'), `${user}\n${command}\n`),
    writeFile(join(lists, 'principals.d', user), options.principals.map((one) => `${one}\n`).join('')),
    ...Object.entries(options.others ?? {}).map(([name, principals]) =>
      writeFile(join(lists, 'principals.d', name), principals.map((one) => `${one}\n`).join('')),
    ),
    writeFile(join(dir, 'user-ca.pub'), `${options.userAuthority}\n`),
    ...(options.hostCertificate === undefined
      ? []
      : [writeFile(join(dir, 'host_key-cert.pub'), `${options.hostCertificate}\n`)]),
  ])
  const port = await findFreePort()
  await writeFile(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      'ListenAddress ::1',
      `HostKey ${join(dir, 'host_key')}`,
      ...(options.hostCertificate === undefined ? [] : [`HostCertificate ${join(dir, 'host_key-cert.pub')}`]),
      'PidFile none',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'AuthorizedKeysFile none',
      'PermitRootLogin yes',
      'StrictModes no',
      // Many at once are what these tests are about.
      'MaxStartups 500',
      'LogLevel VERBOSE',
      // So that bash, where it is the shell of whoever runs the test, does not read their `.bashrc` for each command.
      'SetEnv SHLVL=5',
      `TrustedUserCAKeys ${join(dir, 'user-ca.pub')}`,
      `RevokedKeys ${join(lists, 'krl')}`,
      `AuthorizedPrincipalsCommand ${command} principals ${lists} ${runDir} %u %i %s`,
      `AuthorizedPrincipalsCommandUser ${user}`,
      ...(options.settings ?? []),
      '',
    ].join('\n'),
  )
  let log = ''
  const listen = () =>
    spawnServer({
      command: sshd,
      args: ['-D', '-e', '-f', config],
      ready: () => acceptsConnections(port),
    })
  let server: ServerProcess = await listen()
  return {
    port,
    user,
    hostKey: (await readFile(join(dir, 'host_key.pub'), 'utf8')).trim(),
    lists,
    log: () => log + server.output(),
    async stop() {
      await server.stop()
      log += server.output()
    },
    async start() {
      server = await listen()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** At this machine's loopback address. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
