/** `resource check`: at every host logs in as Mayfly and as a probe, ends the probe, and sees it dead. */
import { generateKeyPairSync } from 'node:crypto'
import { MayflyError, publicReason } from '@mayfly/domain'
import type { AccountHandle, CheckFinding, CheckProbe } from '@mayfly/provider-kit'
import { encodeCertificate } from './encode-certificate.ts'
import type { HostSession } from './host-session.ts'
import { pushList } from './push-list.ts'
import { serialOf } from './serial-number.ts'
import type { SshPermission } from './ssh-permission.ts'
import { sshSignerOf } from './ssh-signer.ts'
import { revokeCertificates } from './ssh-revoke.ts'
import type { SshWay } from './ssh-way.ts'
import { type SshLogin, type SshProcess, startSsh } from './start-ssh.ts'

const clockToleranceMs = 5_000
/** A probe has no row: a list that is made meanwhile for something else does not name it. */
const tries = 5

export async function checkHosts(
  way: SshWay,
  probe: CheckProbe<SshPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  if (way.hosts.length === 0) {
    return [
      {
        check: 'hosts',
        outcome: 'warned',
        detail: `no hosts are named: each has to fetch ${way.published.url}/krl itself, and no session is ended there`,
        hint: 'name the hosts in `hosts`, and run there what `mayfly resource guide ssh` prints',
      },
    ]
  }
  const findings: CheckFinding[] = []
  for (const host of way.hosts) {
    try {
      findings.push(...(await checkHost({ ...way, hosts: [host] }, host, probe.newHandle(), signal)))
    } catch (error) {
      if (!(error instanceof MayflyError) || signal.aborted) throw error
      const { hint } = error.options
      findings.push({
        check: host.name,
        outcome: 'failed',
        detail: publicReason(error),
        ...(hint === undefined ? {} : { hint }),
      })
    }
  }
  return findings
}

async function checkHost(
  way: SshWay,
  host: HostSession,
  handle: AccountHandle,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const check = host.name
  const answer = await host.ask('sessions', undefined, signal)
  const behindMs = Date.now() - Number(answer.find((line) => line.startsWith('clock '))?.split(' ')[1]) * 1_000
  const clock: CheckFinding =
    Math.abs(behindMs) > clockToleranceMs
      ? {
          check,
          outcome: 'warned',
          detail: `its clock differs by ${Math.round(Math.abs(behindMs) / 1_000)} seconds: certificates begin and end by it`,
          hint: 'synchronise the clocks',
        }
      : { check, outcome: 'passed', detail: 'Mayfly gets in, and the clock is right' }

  const key = generateKeyPairSync('ed25519').privateKey
  const signer = sshSignerOf(key)
  const other = sshSignerOf(generateKeyPairSync('ed25519').privateKey)
  if (signer === undefined || other === undefined) throw new Error('SSH knows Ed25519')
  const now = Date.now()
  const certificate = encodeCertificate(way.userAuthority, {
    publicKey: signer.publicKey,
    type: 'user',
    serial: serialOf(handle.credentialId),
    keyId: handle.accountName,
    principals: ['mayfly-probe'],
    validAfter: new Date(now - 60_000),
    validBefore: new Date(now + 120_000),
    criticalOptions: {},
    extensions: [],
  })
  const fail = (detail: string): readonly CheckFinding[] => [
    clock,
    { check, outcome: 'failed', detail, hint: 'run there what `mayfly resource guide ssh` prints' },
  ]
  const wrong = await tryLogin(way, host, { certificate, signer: other }, signal)
  wrong?.kill('SIGKILL')
  if (wrong !== undefined) return fail('a login is accepted whose signature is wrong')
  const session = await tryLogin(way, host, { certificate, signer }, signal)
  if (session === undefined) return fail('a certificate of the user authority is refused')
  const ended = new Promise<void>((resolve) => void session.once('close', () => resolve()))
  try {
    for (let at = 0; at < tries; at += 1) {
      const pending = await endProbe(way, handle, signal)
      if (pending.length > 0) return fail(pending.join('; '))
      await ended
      const again = await tryLogin(way, host, { certificate, signer }, signal)
      if (again === undefined) {
        const detail = 'a certificate logged in, was ended with its session, and is refused'
        return [clock, { check, outcome: 'passed', detail }]
      }
      again.kill('SIGKILL')
    }
    return fail('a certificate that has ended still logs in')
  } finally {
    session.kill('SIGKILL')
    // Its serial goes with it.
    await pushList(way, [], signal.aborted ? AbortSignal.timeout(way.settings.request_timeout_ms) : signal)
  }
}

/** @returns why it is not ended, where it is not */
async function endProbe(way: SshWay, handle: AccountHandle, signal: AbortSignal): Promise<readonly string[]> {
  const pending: string[] = []
  const report = {
    cut: async () => undefined,
    removed: async () => undefined,
    pending: async (_handle: AccountHandle, reason: string) => void pending.push(reason),
  }
  await revokeCertificates(way, [handle], report, signal, [handle.credentialId])
  return pending
}

/** @returns the session, which gives back what it is sent; undefined where the login is refused */
async function tryLogin(
  way: SshWay,
  { host }: HostSession,
  login: SshLogin,
  signal: AbortSignal,
): Promise<SshProcess | undefined> {
  const { settings, hostAuthority } = way
  const refused = Promise.withResolvers<undefined>()
  const child = await startSsh({ host, settings, hostAuthority, login }, (why) => {
    if (/Permission denied/.test(why.options.log ?? '')) refused.resolve(undefined)
    else refused.reject(why)
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  child.once('close', () => signal.removeEventListener('abort', stop))
  const answered = new Promise<SshProcess>((resolve) => void child.stdout.once('data', () => resolve(child)))
  child.stdin.write('probe\n')
  const session = await Promise.race([answered, refused.promise])
  // Of a session that goes on, its end is told as well; whoever has it sees it close.
  refused.promise.catch(() => undefined)
  return session
}
