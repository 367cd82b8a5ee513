/**
 * How long it takes to end certificates of SSH at a host, with open sessions, against writing the list over an open shell
 * there and killing processes that are known beforehand.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ConformanceSession } from '@mayfly/provider-kit'
import { encodeKrl } from '../packages/providers/ssh/src/encode-krl.ts'
import { serialOf } from '../packages/providers/ssh/src/serial-number.ts'
import { readAuthorityKey } from '../packages/providers/ssh/src/ssh-settings.ts'
import { clientOf, type Issued, noSignal, openSession } from '../test/integration/provider-ssh/ssh-fixture.ts'
import { type Bench, type BenchResult, rounded, timeResult } from './bench.ts'
import { measureRawEnd, rawEndScript } from './limits/ssh.ts'
import { type SshBench, startSshBench } from './ssh-target.ts'

const rounds = 5
/** A session costs half a second of a core to open. */
const cases = [
  { certificates: 1, sessions: 2 },
  { certificates: 1_000, sessions: 20 },
] as const

export const revokeSsh: Bench = {
  name: 'revoke-ssh',
  about:
    'certificates with open sessions, ended at a host, against the list over an open shell and killing what is known',
  async run(say) {
    const results: BenchResult[] = []
    for (const { certificates, sessions } of cases) {
      const [ours, limit]: [number[], number[]] = [[], []]
      for (let round = 0; round < rounds; round += 1) {
        limit.push(await withSessions(certificates, sessions, endRaw))
        ours.push(await withSessions(certificates, sessions, endOurs))
        say(`${certificates} certificates, ${sessions} sessions: round ${round + 1} of ${rounds}`)
      }
      results.push(
        timeResult(
          'revoke-ssh',
          'seconds until no session',
          ours,
          limit,
          'the list over an open shell, renamed, and the known processes killed',
          { certificates, sessions, slowest: rounded(Math.max(...ours)) },
        ),
      )
    }
    return results
  },
}

/** @returns seconds */
async function withSessions(
  certificates: number,
  sessions: number,
  end: (bench: SshBench, issued: readonly Issued[]) => Promise<number>,
): Promise<number> {
  const bench = await startSshBench()
  const open: ConformanceSession[] = []
  try {
    const issued: Issued[] = []
    for (let at = 0; at < certificates; at += 1) issued.push(await bench.prepared.issue())
    for (let at = 0; at < sessions; at += 1) {
      const one = issued[at % certificates]
      if (one !== undefined) open.push(await openSession(bench.prepared, one.account))
    }
    const ms = await end(bench, issued)
    for (const session of open) if (await session.isAlive()) throw new Error('a session is left')
    return ms / 1_000
  } finally {
    for (const session of open) await session.close()
    await bench.close()
  }
}

async function endRaw({ prepared }: SshBench, issued: readonly Issued[]): Promise<number> {
  const names = new Set(issued.map(({ handle }) => handle.accountName))
  const pids = (await prepared.target.listSessions(noSignal))
    .filter(({ accountName }) => accountName !== undefined && names.has(accountName))
    .map(({ sessionId }) => sessionId.split('/')[1] ?? '')
  const authority = readAuthorityKey(prepared.secret.user_authority_key?.reveal() ?? '')
  if (authority === undefined) throw new Error('no authority')
  const list = encodeKrl({
    number: 1_000,
    generatedAt: new Date(),
    authorities: [authority.publicKey],
    serials: issued.map(({ handle }) => serialOf(handle.credentialId)),
  })
  // A login that is not among those that end.
  const { account } = await prepared.issue()
  await using client = await clientOf(prepared, account)
  const script = rawEndScript(prepared.sshd.lists, list.length, pids)
  const shell = spawn('ssh', [...client.args, script], { stdio: 'pipe' })
  await once(shell.stdout, 'data')
  try {
    return await measureRawEnd(shell, list)
  } finally {
    shell.kill('SIGKILL')
  }
}

async function endOurs({ prepared }: SshBench, issued: readonly Issued[]): Promise<number> {
  // Of a server that is up already: the connection is part of no end.
  await prepared.target.listSessions(noSignal)
  const startMs = performance.now()
  const told = await prepared.revoke(issued.map(({ handle }) => handle))
  if (told.filter((one) => one.startsWith('removed')).length !== issued.length) throw new Error('one is left')
  return performance.now() - startMs
}
