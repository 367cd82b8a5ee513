/** What goes wrong with SSH elsewhere, tried at a real sshd with OpenSSH's own client. */
import { execFile, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newId } from '@mayfly/domain'
import { type AccountHandle, credentialOfAccountName } from '@mayfly/provider-kit'
import { type SshPermission, sshProvider } from '@mayfly/provider-ssh'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeCertificate } from '../../../packages/providers/ssh/src/encode-certificate.ts'
import { openHostSession } from '../../../packages/providers/ssh/src/host-session.ts'
import { formatOpensshPrivateKey } from '../../../packages/providers/ssh/src/openssh-private-key.ts'
import { install, makeList } from '../../../packages/providers/ssh/src/push-list.ts'
import { formatPublicKeyLine, parsePublicKeyLine } from '../../../packages/providers/ssh/src/ssh-public-key.ts'
import { readAuthorityKey } from '../../../packages/providers/ssh/src/ssh-settings.ts'
import { sshSignerOf } from '../../../packages/providers/ssh/src/ssh-signer.ts'
import { until } from '../../support/index.ts'
import {
  canLogIn,
  clientOf,
  noSignal,
  openSession,
  type PreparedSsh,
  prepareSsh,
  runSsh,
  tester,
} from './ssh-fixture.ts'

const run = promisify(execFile)
/** As somebody else where the test may: sshd then parts itself in two processes. */
const other = process.getuid?.() === 0 ? 'nobody' : undefined

let prepared: PreparedSsh
beforeAll(async () => {
  prepared = await prepareSsh({ principals: ['tester'], others: other === undefined ? {} : { [other]: ['tester'] } })
})
afterAll(() => prepared[Symbol.asyncDispose]())

const aliveProcess = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // No such process: that is the answer.
    return false
  }
}

describe('the end of a credential', () => {
  test('a multiplexed master opens no new channel, and its client ends', async () => {
    const { handle, account } = await prepared.issue()
    await using client = await clientOf(prepared, account)
    const control = ['-o', `ControlPath=${join(client.dir, 'mux')}`]
    const master = spawn('ssh', [...control, '-o', 'ControlMaster=yes', '-N', ...client.args], { stdio: 'ignore' })
    const closed = once(master, 'close')
    await until(async () => (await runSsh(client, ['true'], control)).exitCode === 0, {
      describe: 'control: a channel opens in the master',
    })
    expect(await prepared.revoke([handle])).toEqual([`cut ${handle.accountName}`, `removed ${handle.accountName}`])
    await closed
    expect((await runSsh(client, ['true'], control)).exitCode).toBe(255)
  })

  test('what a session started ends with it, also what has left its family while the connection is open', async () => {
    const { handle, account } = await prepared.issue()
    await using client = await clientOf(prepared, account)
    const script =
      'sleep 600 & echo "child $!"; (setsid sh -c "echo left \\$\\$; exec sleep 600" </dev/null &); exec cat'
    const child = spawn('ssh', [...client.args, script], { stdio: ['pipe', 'pipe', 'ignore'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => void (text += chunk.toString()))
    const pids = await until(
      () => {
        const found = [/child (\d+)\n/, /left (\d+)\n/].map((shape) => Number(shape.exec(text)?.[1]))
        return found.every((pid) => pid > 0) ? found : undefined
      },
      { describe: 'both tell who they are' },
    )
    expect(pids.map(aliveProcess), 'control').toEqual([true, true])
    const parentOf = async (pid: number) => /PPid:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    const [child0 = 0, left = 0] = pids
    expect(await parentOf(left), 'nothing leads from the connection to it').not.toBe(await parentOf(child0))
    const closed = once(child, 'close')
    await prepared.revoke([handle])
    await closed
    await until(() => pids.every((pid) => !aliveProcess(pid)), { describe: 'none of them runs on' })
  })

  test('a connection without any command ends too, and is told with its address', async () => {
    const { handle, account } = await prepared.issue()
    await using client = await clientOf(prepared, account, other === undefined ? {} : { user: other })
    const child = spawn('ssh', ['-N', ...client.args], { stdio: 'ignore' })
    const closed = once(child, 'close')
    const mine = async () =>
      (await prepared.target.listSessions(noSignal)).find((one) => one.accountName === handle.accountName)
    const seen = await until(mine, { describe: 'it is seen' })
    expect(seen.sourceAddress).toBe('127.0.0.1')
    expect(Math.abs(Date.now() - (seen.since?.getTime() ?? 0))).toBeLessThan(60_000)
    await prepared.revoke([handle])
    await closed
    expect(await mine()).toBeUndefined()
  })

  test('over IPv6 too', async () => {
    const { handle, account } = await prepared.issue()
    await using client = await clientOf(prepared, account, { address: '::1' })
    const child = spawn('ssh', ['-N', ...client.args], { stdio: 'ignore' })
    const closed = once(child, 'close')
    const mine = async () =>
      (await prepared.target.listSessions(noSignal)).find((one) => one.accountName === handle.accountName)
    expect((await until(mine, { describe: 'it is seen' })).sourceAddress).toBe('::1')
    await prepared.revoke([handle])
    await closed
  })

  test('the sessions of several credentials end by one call, and those of another stay', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => prepared.issue()))
    const sessions = await Promise.all(all.map(({ account }) => openSession(prepared, account)))
    const [spared, ...ended] = all
    const told = await prepared.revoke(ended.map(({ handle }) => handle))
    expect(told.filter((one) => one.startsWith('removed'))).toHaveLength(3)
    expect(await Promise.all(sessions.map((one) => one.isAlive()))).toEqual([true, false, false, false])
    await prepared.revoke(spared === undefined ? [] : [spared.handle])
    for (const session of sessions) await session.close()
  })

  test('a login that the list for sshd does not name yet is refused by what sshd asks', async () => {
    const lists = prepared.sshd.lists
    const { account } = await prepared.issue()
    expect(await canLogIn(prepared, account), 'control').toBe(true)
    const before = await readFile(join(lists, 'ended'), 'utf8')
    await writeFile(join(lists, 'ended'), `${before}${String(account.fields['serial_number'])}\n`)
    expect(await canLogIn(prepared, account)).toBe(false)
    await writeFile(join(lists, 'ended'), before)
    expect(await canLogIn(prepared, account), 'control').toBe(true)
  })
})

describe('lists at a host', () => {
  test('a damaged one is never put in place, nor one with a lower number, and logins go on', async () => {
    await using own = await prepareSsh()
    const signerOf = (name: 'user_authority_key' | 'host_authority_key') => {
      const signer = readAuthorityKey(own.secret[name]?.reveal() ?? '')
      if (signer === undefined) throw new Error('no authority')
      return signer
    }
    const [user, host] = [signerOf('user_authority_key'), signerOf('host_authority_key')]
    const [first] = own.settings.hosts
    if (first === undefined) throw new Error('no host')
    const session = openHostSession(first, own.settings, { user, host })
    const list = await makeList({ userAuthority: user, hostAuthority: host, published: own.ends }, [newId()], noSignal)
    expect(await install(session, { ...list, number: 10 }, noSignal)).toEqual({ outcome: 'done', left: 0 })
    const [krl, ended] = await Promise.all(['krl', 'ended'].map((name) => readFile(join(own.sshd.lists, name))))
    for (const bad of [Buffer.from('no list at all'), Buffer.alloc(0), list.krl.subarray(0, 60)]) {
      await expect(install(session, { number: 11, krl: bad, serials: [] }, noSignal)).rejects.toMatchObject({
        code: 'target_refused',
        options: { publicDetail: expect.stringContaining('cannot read the list') },
      })
    }
    expect((await install(session, { ...list, number: 10, serials: [] }, noSignal)).outcome).toBe('older')
    expect(await Promise.all(['krl', 'ended'].map((name) => readFile(join(own.sshd.lists, name))))).toEqual([
      krl,
      ended,
    ])
    expect(await canLogIn(own, (await own.issue()).account)).toBe(true)
    await session.close()
  })

  test('the provider takes a higher number where another server of Mayfly was faster', async () => {
    await using own = await prepareSsh()
    await writeFile(join(own.sshd.lists, 'number'), '3\n')
    const { handle, account } = await own.issue()
    expect(await own.revoke([handle])).toEqual([`cut ${handle.accountName}`, `removed ${handle.accountName}`])
    expect(await canLogIn(own, account)).toBe(false)
  })

  test('a list that somebody has changed is seen, and nothing is called absent by it', async () => {
    await using own = await prepareSsh()
    const { handle } = await own.issue()
    await own.revoke([handle])
    expect((await own.target.observe([handle], noSignal))[0]?.state, 'control').toBe('absent')
    await writeFile(join(own.sshd.lists, 'krl'), '')
    await expect(own.target.observe([handle], noSignal)).rejects.toMatchObject({
      options: { publicDetail: expect.stringContaining('not the one that Mayfly wrote') },
    })
  })

  test('a host that is away holds nothing up at another, and gets the list when it is back', async () => {
    await using own = await prepareSsh()
    const [host] = own.settings.hosts
    if (host === undefined) throw new Error('no host')
    await using second = await prepareSsh()
    const [secondHost] = second.settings.hosts
    if (secondHost === undefined) throw new Error('no host')
    // The second believes the first's authority.
    await writeFile(join(second.dir, 'user-ca.pub'), await readFile(join(own.dir, 'user-ca.pub')))
    const both = await own.open({ hosts: [host, secondHost] })
    const { handle, account } = await own.issue()
    expect(await canLogIn({ ...second, settings: { ...own.settings, hosts: [secondHost] } }, account), 'control').toBe(
      true,
    )
    await second.sshd.stop()
    const told = await own.revoke([handle], both)
    expect(told).toEqual([
      expect.stringMatching(/^pending .*127\.0\.0\.1:\d+: the connection to the host was not made/),
    ])
    expect(await canLogIn(own, account), 'the other host refuses it at once').toBe(false)
    await second.sshd.start()
    expect(await canLogIn({ ...second, settings: { ...own.settings, hosts: [secondHost] } }, account), 'control').toBe(
      true,
    )
    // By looking for sessions alone: nobody asked for an end again.
    await both.listSessions(noSignal)
    expect(await canLogIn({ ...second, settings: { ...own.settings, hosts: [secondHost] } }, account)).toBe(false)
    expect(await own.revoke([handle], both)).toEqual([`cut ${handle.accountName}`, `removed ${handle.accountName}`])
    await both.close()
  })
})

describe('what a certificate permits', () => {
  test('a holder with a key of its own never shows it, and only that key logs in', async () => {
    const key = generateKeyPairSync('ed25519').privateKey
    const signer = sshSignerOf(key)
    if (signer === undefined) throw new Error('no signer')
    const { account } = await prepared.issue({
      holder: { publicKey: formatPublicKeyLine(signer.publicKey, 'ada@laptop') },
    })
    expect(account.boundTo).toBe('key')
    expect(account.fields['private_key']).toBeUndefined()
    expect(await canLogIn(prepared, account, { privateKey: formatOpensshPrivateKey(key, '') })).toBe(true)
    const wrong = formatOpensshPrivateKey(generateKeyPairSync('ed25519').privateKey, '')
    expect(await canLogIn(prepared, account, { privateKey: wrong })).toBe(false)
  })

  test('bound to an address, it is refused from another', async () => {
    const bound = await prepared.open({ bind_source_address: true })
    const [here, elsewhere] = await Promise.all(
      ['127.0.0.1', '198.51.100.7'].map((address) => prepared.issue({ holder: { address } }, bound)),
    )
    expect(here?.account.boundTo).toBe('address')
    expect(here && (await canLogIn(prepared, here.account))).toBe(true)
    expect(elsewhere && (await canLogIn(prepared, elsewhere.account))).toBe(false)
    await expect(prepared.issue({}, bound)).rejects.toMatchObject({ code: 'target_refused' })
    await bound.close()
  })

  test('a forced command runs in place of what is asked for, and what is not permitted is refused', async () => {
    const { account } = await prepared.issue({
      permission: { type: 'user', principals: ['tester'], permit: [], force_command: 'echo only this' },
    })
    await using client = await clientOf(prepared, account)
    expect((await runSsh(client, ['id'])).stdout).toBe('only this\n')
    const forwarding = await runSsh(
      client,
      ['true'],
      ['-o', 'ExitOnForwardFailure=yes', '-R', '127.0.0.1:0:127.0.0.1:9'],
    )
    expect(forwarding.exitCode, 'no port is forwarded').not.toBe(0)
    const { account: free } = await prepared.issue()
    await using freeClient = await clientOf(prepared, free)
    const allowed = await runSsh(
      freeClient,
      ['true'],
      ['-o', 'ExitOnForwardFailure=yes', '-R', '127.0.0.1:0:127.0.0.1:9'],
    )
    expect(allowed.exitCode, 'control').toBe(0)
  })

  test('a principal that the user of the host does not have lets nobody in, and parameters fill principals', async () => {
    const permission: SshPermission = { type: 'user', principals: ['{who}'], permit: [] }
    const [right, wrong] = await Promise.all(
      ['tester', 'somebody'].map((who) => prepared.issue({ permission, parameters: { who } })),
    )
    expect(right && (await canLogIn(prepared, right.account))).toBe(true)
    expect(wrong && (await canLogIn(prepared, wrong.account))).toBe(false)
    for (const who of ['mayfly-host', 'a b', '-oProxyCommand=id', '']) {
      await expect(prepared.issue({ permission, parameters: { who } }), who).rejects.toMatchObject({
        code: 'target_refused',
      })
    }
  })

  test("with Mayfly's own principal of a probe nothing can be run", async () => {
    const key = generateKeyPairSync('ed25519').privateKey
    const [signer, authority] = [sshSignerOf(key), readAuthorityKey(prepared.secret.user_authority_key?.reveal() ?? '')]
    if (signer === undefined || authority === undefined) throw new Error('no signer')
    const certificate = encodeCertificate(authority, {
      publicKey: signer.publicKey,
      type: 'user',
      serial: 2n,
      keyId: 'somebody-else',
      principals: ['mayfly-probe'],
      validAfter: new Date(Date.now() - 60_000),
      validBefore: new Date(Date.now() + 60_000),
      criticalOptions: {},
      extensions: ['permit-pty', 'permit-port-forwarding'],
    })
    const account = {
      fields: { certificate: formatPublicKeyLine(certificate) },
      boundTo: 'key',
      expiresAt: new Date(),
    } as const
    await using client = await clientOf(prepared, account, { privateKey: formatOpensshPrivateKey(key, '') })
    expect(await runSsh(client, ['echo', 'in'])).toMatchObject({ exitCode: 0, stdout: '' })

    // Signed by the authority and of no row: it shows among the sessions as nobody's.
    const child = spawn('ssh', client.args, { stdio: ['pipe', 'ignore', 'ignore'] })
    const closed = once(child, 'close')
    const strange = () => async () =>
      (await prepared.target.listSessions(noSignal)).find((one) => one.accountName === undefined)
    const seen = await until(strange(), { describe: 'it is seen' })
    await prepared.target.cutSessions([seen], noSignal)
    await closed
  })
})

describe('hosts', () => {
  test('a host with another key than the resource names is not spoken with', async () => {
    const [host] = prepared.settings.hosts
    if (host === undefined) throw new Error('no host')
    const signer = sshSignerOf(generateKeyPairSync('ed25519').privateKey)
    if (signer === undefined) throw new Error('no signer')
    const wrong = await prepared.open({ hosts: [{ ...host, host_key: formatPublicKeyLine(signer.publicKey) }] })
    const findings = await wrong.check({ newHandle: () => sshProvider.plan(newId()) }, noSignal)
    expect(findings).toEqual([
      expect.objectContaining({
        outcome: 'failed',
        detail: expect.stringContaining('does not show the key'),
        hint: expect.stringContaining('host_key'),
      }),
    ])
    await wrong.close()
  })

  test('a host with another release of `mayfly-ssh` is told of at once, with what to do', async () => {
    await using own = await prepareSsh()
    const [program, agent] = [join(own.dir, 'older'), join(own.sshd.lists, 'agent')]
    await writeFile(program, 'echo mayfly-ssh 1 0\nexec cat\n')
    const before = await readFile(agent, 'utf8')
    await writeFile(agent, `${own.sshd.user}\n/bin/sh ${program}\n`)
    const check = async () => {
      const target = await own.open()
      const findings = await target.check({ newHandle: () => sshProvider.plan(newId()) }, noSignal)
      await target.close()
      return findings
    }
    expect(await check()).toEqual([
      expect.objectContaining({
        outcome: 'failed',
        detail: expect.stringContaining('another release of `mayfly-ssh`'),
        hint: expect.stringContaining('mayfly resource guide ssh'),
      }),
    ])
    await writeFile(agent, before)
    expect(
      (await check()).map(({ outcome }) => outcome),
      'control',
    ).toEqual(['passed', 'passed'])
  })

  test('a host certificate is believed by Mayfly and by holders, for its names and by this authority alone', async () => {
    const hostKey = await readFile(join(prepared.dir, 'host_key.pub'), 'utf8')
    const { account } = await prepared.issue({
      permission: { type: 'host', principals: ['127.0.0.1', '{name}.orders.example'] },
      parameters: { name: 'db' },
      holder: { publicKey: hostKey },
    })
    expect(account.fields['trusted_user_authority']).toBe(await lineIn(join(prepared.dir, 'user-ca.pub')))
    await writeFile(join(prepared.dir, 'host_key-cert.pub'), `${String(account.fields['certificate'])}\n`)
    const config = join(prepared.dir, 'sshd_config')
    await writeFile(
      config,
      `${await readFile(config, 'utf8')}HostCertificate ${join(prepared.dir, 'host_key-cert.pub')}\n`,
    )
    await prepared.sshd.stop()
    await prepared.sshd.start()
    const { host_key: _none, ...byCertificate } = prepared.settings.hosts[0] ?? { address: '', port: 0, user: '' }
    const target = await prepared.open({ hosts: [byCertificate] })
    await expect(target.listSessions(noSignal)).resolves.toBeDefined()
    await target.close()
    const holder = await prepared.issue()
    const knownHosts = String(holder.account.fields['known_hosts'])
    expect(await canLogIn(prepared, holder.account, { knownHosts: `${knownHosts}\n` })).toBe(true)
    // By name it has no certificate for `::1`.
    await expect(canLogIn(prepared, holder.account, { knownHosts: `${knownHosts}\n`, address: '::1' })).rejects.toThrow(
      /Host key verification failed/,
    )
  })

  test('without hosts, what has ended is what the published list names', async () => {
    const away = await prepared.open({ hosts: [] })
    const { handle, account } = await prepared.issue({}, away)
    const file = join(prepared.dir, 'published')
    const isRevoked = async () => {
      const answer = await away.publish({ document: 'krl' }, noSignal)
      await writeFile(file, answer?.body ?? '')
      await writeFile(join(prepared.dir, 'asked-cert.pub'), `${String(account.fields['certificate'])}\n`)
      return run('ssh-keygen', ['-Q', '-f', file, join(prepared.dir, 'asked-cert.pub')]).then(
        () => false,
        () => true,
      )
    }
    expect(await isRevoked(), 'control').toBe(false)
    expect(await prepared.revoke([handle], away)).toEqual([
      `cut ${handle.accountName}`,
      `removed ${handle.accountName}`,
    ])
    expect(await isRevoked()).toBe(true)
    expect((await stat(file)).size).toBeGreaterThan(0)
    const line = (await away.publish({ document: 'user-ca.pub' }, noSignal))?.body ?? new Uint8Array(0)
    expect(parsePublicKeyLine(Buffer.from(line).toString())).toBeDefined()
    const [finding] = await away.check({ newHandle: () => sshProvider.plan(newId()) }, noSignal)
    expect(finding).toMatchObject({ outcome: 'warned' })
  })

  test('the key id in the log of the host is the name of the credential', async () => {
    const { handle, account } = await prepared.issue()
    expect(await canLogIn(prepared, account)).toBe(true)
    expect(prepared.sshd.log()).toContain(
      `ID ${handle.accountName} (serial ${String(account.fields['serial_number'])})`,
    )
    expect(credentialOfAccountName(handle.accountName)).toBe<AccountHandle['credentialId']>(handle.credentialId)
    expect(tester.type).toBe('user')
  })
})

async function lineIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim()
}
