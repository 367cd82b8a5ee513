import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '@mayfly/domain'
import {
  type AccountHandle,
  type ConformanceSession,
  createMemoryEnds,
  type IssuedAccount,
  type IssueRequest,
  type MemoryEnds,
  type RevokeReport,
  Secret,
} from '@mayfly/provider-kit'
import {
  type SshPermission,
  sshProvider,
  type SshSecret,
  sshSecret,
  type SshSettings,
  sshSettings,
  type SshTarget,
} from '@mayfly/provider-ssh'
import { formatPublicKeyLine } from '../../../packages/providers/ssh/src/ssh-public-key.ts'
import { readAuthorityKey } from '../../../packages/providers/ssh/src/ssh-settings.ts'
import { makeTempDir } from '../../support/index.ts'
import { type Ran, runProgram } from '../../support/servers/run-program.ts'
import { makeHostKey, type RunningSshd, type SshdOptions, startSshd } from '../../support/servers/start-sshd.ts'

export const noSignal = new AbortController().signal
export const tester: SshPermission = { type: 'user', principals: ['tester'], permit: ['port-forwarding'] }

export interface PreparedSsh extends AsyncDisposable {
  readonly sshd: RunningSshd
  readonly dir: string
  readonly secret: SshSecret
  readonly settings: SshSettings
  readonly ends: MemoryEnds
  readonly target: SshTarget
  open(over?: Partial<SshSettings>): Promise<SshTarget>
  issue(over?: Partial<IssueRequest<SshPermission>>, target?: SshTarget): Promise<Issued>
  /** As the server does: first what is published, then the target. */
  revoke(handles: readonly AccountHandle[], target?: SshTarget): Promise<readonly string[]>
}

export interface Issued {
  readonly handle: AccountHandle
  readonly account: IssuedAccount
}

/** An sshd, the provider with authorities of its own, and both set up for each other. */
export async function prepareSsh(options: Partial<SshdOptions> & { readonly dir?: string } = {}): Promise<PreparedSsh> {
  const dir = options.dir ?? (await makeTempDir('sshd'))
  const entered = sshSecret.parse(JSON.parse((await makeSecret()).reveal()))
  const hostKey = await makeHostKey(dir)
  const sshd = await startSshd(dir, {
    userAuthority: authorityLine(entered, 'user_authority_key'),
    principals: ['tester'],
    ...options,
  })
  const settings = sshSettings.parse({
    hosts: [{ address: '127.0.0.1', port: sshd.port, user: sshd.user, host_key: hostKey }],
    // A login costs a second of a core, and here many come at once.
    connect_timeout_ms: 60_000,
    request_timeout_ms: 30_000,
  })
  const ends = createMemoryEnds()
  const open = (over: Partial<SshSettings> = {}) =>
    sshProvider.open({ settings: { ...settings, ...over }, secret: entered, published: ends })
  const target = await open()
  return {
    sshd,
    dir,
    secret: entered,
    settings,
    ends,
    target,
    open,
    async issue(over = {}, from = target) {
      const handle = sshProvider.plan(newId())
      const account = await from.issue(
        handle,
        {
          permission: tester,
          parameters: {},
          expiresAt: new Date(Date.now() + 300_000),
          createDeadlineAt: new Date(Date.now() + 20_000),
          ...over,
        },
        noSignal,
      )
      return { handle, account }
    },
    async revoke(handles, from = target) {
      ends.end(handles, new Date(Date.now() + 300_000))
      const { told, report } = recording()
      await from.revoke(handles, report, noSignal)
      return told
    },
    async [Symbol.asyncDispose]() {
      await target.close()
      await sshd[Symbol.asyncDispose]()
    },
  }
}

export async function makeSecret(): Promise<Secret> {
  return sshProvider.completeSecret(sshSettings.parse({}), sshSecret.parse({}), undefined)
}

export function authorityLine(secret: SshSecret, name: 'user_authority_key' | 'host_authority_key'): string {
  const signer = readAuthorityKey(secret[name]?.reveal() ?? '')
  if (signer === undefined) throw new Error(`no ${name}`)
  return formatPublicKeyLine(signer.publicKey)
}

export function recording(): { readonly told: string[]; readonly report: RevokeReport } {
  const told: string[] = []
  const tell = (what: string) => async (handles: readonly AccountHandle[]) =>
    void told.push(...handles.map((handle) => `${what} ${handle.accountName}`))
  return {
    told,
    report: {
      cut: tell('cut'),
      removed: tell('removed'),
      pending: async (handle, reason) => void told.push(`pending ${handle.accountName}: ${reason}`),
    },
  }
}

/** OpenSSH's own client with what was issued, as a holder has it on the disk. */
export interface SshClient extends AsyncDisposable {
  readonly args: readonly string[]
  readonly dir: string
}

export interface ClientPlace extends Pick<PreparedSsh, 'dir' | 'settings'> {
  readonly sshd: Pick<RunningSshd, 'port' | 'user'>
}

export async function clientOf(
  { dir, sshd, settings }: ClientPlace,
  account: IssuedAccount,
  over: {
    readonly user?: string
    readonly privateKey?: string
    readonly address?: string
    readonly knownHosts?: string
  } = {},
): Promise<SshClient> {
  const own = await mkdtemp(join(dir, 'holder-'))
  const { private_key: secret, certificate } = account.fields
  const key = over.privateKey ?? (secret instanceof Secret ? secret.reveal() : '')
  const address = over.address ?? '127.0.0.1'
  await writeFile(join(own, 'id'), key, { mode: 0o600 })
  await writeFile(join(own, 'id-cert.pub'), `${String(certificate)}\n`)
  await writeFile(
    join(own, 'known_hosts'),
    over.knownHosts ?? `[${address}]:${sshd.port} ${settings.hosts[0]?.host_key}\n`,
  )
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${join(own, 'known_hosts')}`,
    'GlobalKnownHostsFile=none',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `IdentityFile=${join(own, 'id')}`,
    `CertificateFile=${join(own, 'id-cert.pub')}`,
    'ConnectTimeout=10',
    'LogLevel=ERROR',
  ].flatMap((one) => ['-o', one])
  return {
    dir: own,
    args: ['-F', 'none', ...options, '-p', String(sshd.port), '-l', over.user ?? sshd.user, address],
    [Symbol.asyncDispose]: () => rm(own, { recursive: true, force: true }),
  }
}

export function runSsh(client: SshClient, command: readonly string[], before: readonly string[] = []): Promise<Ran> {
  return runProgram(['ssh', ...before, ...client.args, ...command])
}

/** @throws where the host cannot be reached: that is no refusal */
export async function canLogIn(
  prepared: ClientPlace,
  account: IssuedAccount,
  over: Parameters<typeof clientOf>[2] = {},
): Promise<boolean> {
  await using client = await clientOf(prepared, account, over)
  const { exitCode, stdout, stderr } = await runSsh(client, ['echo', 'in'])
  if (exitCode === 0 && stdout === 'in\n') return true
  // A key that does not belong to the certificate is no login either: the client has nothing to offer.
  if (/Permission denied|invalid format|error in libcrypto|private key contents do not match/.test(stderr)) return false
  throw new Error(`ssh: ${exitCode}: ${stderr}`)
}

/** A session that gives back what it is sent. */
export async function openSession(prepared: ClientPlace, account: IssuedAccount): Promise<ConformanceSession> {
  const client = await clientOf(prepared, account)
  const child = spawn('ssh', [...client.args, 'cat'], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined)
  const isAlive = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return false
    const answered = once(child.stdout, 'data').then(() => true)
    const closed = once(child, 'close').then(() => false)
    child.stdin.write('are you there\n')
    return Promise.race([answered, closed])
  }
  if (!(await isAlive())) throw new Error(`no session: ${await textOf(child)}`)
  return {
    isAlive,
    async close() {
      child.kill('SIGKILL')
      await client[Symbol.asyncDispose]()
    },
  }
}

async function textOf({ stderr }: ChildProcess): Promise<string> {
  return String(stderr?.read() ?? '')
}
