/** One `ssh` of OpenSSH to one host, with a certificate of the resource's own authority, good for some minutes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { MayflyError } from '@mayfly/domain'
import { encodeCertificate } from './encode-certificate.ts'
import { startSshAgent } from './ssh-agent.ts'
import { formatPublicKeyLine, type SshPublicKey } from './ssh-public-key.ts'
import type { SshHost, SshSettings } from './ssh-settings.ts'
import { type SshSigner, sshSignerOf } from './ssh-signer.ts'

export interface SshCall {
  readonly host: SshHost
  readonly settings: SshSettings
  readonly hostAuthority: SshSigner
  readonly login: SshLogin
}

/** A key and the certificate that says what it may do. */
export interface SshLogin {
  readonly certificate: SshPublicKey
  readonly signer: SshSigner
}

export type SshProcess = ChildProcessByStdio<Writable, Readable, Readable>

/** How Mayfly comes to its hosts: nothing is stored for it. */
export function ownLogin(userAuthority: SshSigner): SshLogin {
  const { signer, publicKey } = freshKey()
  const now = Date.now()
  const certificate = encodeCertificate(userAuthority, {
    publicKey,
    type: 'user',
    // Never in a list: it is of no credential.
    serial: 1n,
    keyId: ownKeyId,
    principals: ['mayfly-host'],
    validAfter: new Date(now - 60_000),
    validBefore: new Date(now + 300_000),
    criticalOptions: {},
    extensions: [],
  })
  return { certificate, signer }
}

export const ownKeyId = 'mayfly-host'

/** A login with what was issued, as its holder has it. */
export function loginWith(certificate: SshPublicKey, key: KeyObject): SshLogin {
  const signer = sshSignerOf(key)
  if (signer === undefined) throw new RangeError('a key that SSH does not know')
  return { certificate, signer }
}

function freshKey(): { readonly signer: SshSigner; readonly publicKey: SshPublicKey } {
  const signer = sshSignerOf(generateKeyPairSync('ed25519').privateKey)
  if (signer === undefined) throw new Error('SSH knows Ed25519')
  return { signer, publicKey: signer.publicKey }
}

/**
 * Starts it; what the host's user runs is the host's to say. Whoever calls ends the process.
 *
 * @param ended told once, when it has ended, with what it said
 * @throws MayflyError `target_unreachable`: there is no `ssh` on this machine
 */
export async function startSsh(call: SshCall, ended: (why: MayflyError) => void): Promise<SshProcess> {
  const { host, settings, hostAuthority, login } = call
  const agent = await startSshAgent(login.certificate, login.signer)
  const name = host.port === 22 ? host.address : `[${host.address}]:${host.port}`
  const known =
    host.host_key === undefined
      ? `@cert-authority ${name} ${formatPublicKeyLine(hostAuthority.publicKey)}`
      : `${name} ${host.host_key.trim()}`
  await writeFile(join(agent.dir, 'known_hosts'), `${known}\n`)
  const options = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: join(agent.dir, 'known_hosts'),
    GlobalKnownHostsFile: 'none',
    UpdateHostKeys: 'no',
    CheckHostIP: 'no',
    IdentityAgent: agent.socketPath,
    IdentityFile: 'none',
    PreferredAuthentications: 'publickey',
    ClearAllForwardings: 'yes',
    ForwardAgent: 'no',
    ConnectTimeout: String(Math.ceil(settings.connect_timeout_ms / 1_000)),
    ServerAliveInterval: '5',
    ServerAliveCountMax: '2',
    ControlPath: 'none',
    LogLevel: 'ERROR',
  }
  const args = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const child = spawn(
    'ssh',
    ['-F', 'none', '-T', ...args, '-p', String(host.port), '-l', host.user, '--', host.address],
    // Nothing of this process's own surroundings: neither its agent nor its settings are meant.
    { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' } },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000)
  })
  // A host that goes away while it is written to; its end tells.
  child.stdin.on('error', () => undefined)
  let told = false
  const end = (error: MayflyError) => {
    if (told) return
    told = true
    ended(error)
  }
  child.once('error', (cause) => {
    end(
      new MayflyError('target_unreachable', {
        log: 'ssh: the program cannot be started',
        publicDetail: 'Mayfly needs the program `ssh` of OpenSSH on its own machine',
        hint: 'install the OpenSSH client beside Mayfly (Debian: apt-get install openssh-client)',
        cause,
      }),
    )
  })
  // However it ends; what is left otherwise is an empty folder of a temporary directory, and the call has its own outcome.
  for (const event of ['error', 'close']) child.once(event, () => void agent.stop().catch(() => undefined))
  child.once('close', () => end(whyEnded(said)))
  return child
}

function whyEnded(said: string): MayflyError {
  const log = `ssh: ${said.trim().slice(-500)}`
  if (/Host key verification failed|HOST IDENTIFICATION HAS CHANGED/.test(said)) {
    return new MayflyError('target_refused', {
      log,
      publicDetail: 'the host does not show the key that the resource expects',
      hint: 'enter the line of its `/etc/ssh/ssh_host_ed25519_key.pub` as `host_key`, or give it a host certificate',
    })
  }
  if (/Permission denied|Too many authentication failures/.test(said)) {
    return new MayflyError('target_refused', {
      log,
      publicDetail: "the host does not let Mayfly in with a certificate of the resource's user authority",
      hint: 'run there what `mayfly resource guide ssh` prints',
    })
  }
  return new MayflyError('target_unreachable', {
    log,
    publicDetail: 'the connection to the host was not made, or was lost',
  })
}
