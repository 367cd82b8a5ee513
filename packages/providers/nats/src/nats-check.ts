/** `resource check`: proves by doing that the settings suffice, and leaves nothing behind. */
import { MayflyError, publicReason } from '@mayfly/domain'
import type { AccountHandle, CheckFinding, CheckProbe } from '@mayfly/provider-kit'
import { type AccountReading, readAccount, revocationsOf, trustedAccount } from './account-reading.ts'
import { checkAccount, checkOwnLogin } from './check-rights.ts'
import { issueUser, prepareUserKey } from './nats-issue.ts'
import { isLoginRefused } from '@mayfly/provider-kit'
import { revokeUsers } from './nats-cut.ts'
import type { NatsPermission } from './nats-permission.ts'
import type { NatsWay } from './nats-way.ts'
import { makeNkey, type Nkey, readSeed } from './nkey.ts'
import { pushEnds } from './push-ends.ts'
import { dialAny } from './system-session.ts'

/** Where there is no role yet: a user that may do next to nothing. */
const leastPermission: NatsPermission = {
  publish: { allow: ['mayfly.check'], deny: [] },
  private_inbox: false,
}
const clockToleranceMs = 2_000

export async function checkTarget(
  way: NatsWay,
  ownJwt: string,
  probe: CheckProbe<NatsPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  try {
    const reading = await readAccount(way.session, way.account, signal)
    findings.push(
      { check: 'login', outcome: 'passed', detail: `${reading.servers} server(s) answer the system account` },
      checkClock(reading),
      ...checkOwnLogin(ownJwt),
    )
    const { claims } = trustedAccount(reading, way.account, way.trustedKeys)
    const rights = checkAccount(way, claims)
    const limit = await way.session.maxPayloadBytes(signal)
    findings.push(...rights, checkRoom(revocationsOf(claims).size, limit))
    if (rights.some((finding) => finding.outcome === 'failed')) return findings
    findings.push(...(await tryOut(way, probe, signal)))
  } catch (error) {
    if (!(error instanceof MayflyError) || signal.aborted) throw error
    const { hint } = error.options
    findings.push({
      check: 'target',
      outcome: 'failed',
      detail: publicReason(error),
      ...(hint === undefined ? {} : { hint }),
    })
  }
  return findings
}

function checkClock({ now }: AccountReading): CheckFinding {
  const behindMs = Date.now() - now.getTime()
  return behindMs > clockToleranceMs
    ? {
        check: 'clock',
        outcome: 'warned',
        detail: `a server's clock is ${Math.round(behindMs / 1000)} seconds behind: credentials end that much later there`,
        hint: 'synchronise the clocks',
      }
    : { check: 'clock', outcome: 'passed', detail: 'no clock of the target is behind' }
}

/** @param limit of a message, in bytes */
function checkRoom(revoked: number, limit: number): CheckFinding {
  const room = Math.floor((limit * 3) / 4 / 70)
  const detail = `the list of revocations has ${revoked} of about ${room} entries; expired ones are dropped`
  return revoked * 2 > room
    ? {
        check: 'revocations',
        outcome: 'warned',
        detail,
        hint: 'shorten the life of credentials, or raise `max_payload`',
      }
    : { check: 'revocations', outcome: 'passed', detail }
}

/** Issues, logs in, ends, and is refused. */
async function tryOut(
  way: NatsWay,
  probe: CheckProbe<NatsPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const prepared = prepareUserKey({})
  const handle: AccountHandle = { ...probe.newHandle(), targetKey: prepared.targetKey }
  const key = readSeed('user', prepared.privateKey?.reveal() ?? '')
  if (key === undefined) throw new MayflyError('internal', { log: 'nats: check: a fresh seed cannot be read' })
  const expiresAt = new Date(Date.now() + 60_000)
  // From where Mayfly itself connects is no question of the holder's address.
  const settings = { ...way.settings, bind_source_address: false }
  const request = {
    permission: probe.permission ?? leastPermission,
    parameters: {},
    expiresAt,
    createDeadlineAt: expiresAt,
    key: prepared,
  }
  const { fields } = issueUser(settings, way.accountKey, handle, request, signal)
  const jwt = String(fields['jwt'])
  const other = makeNkey('user').key
  if (await logsIn(way, jwt, { ...other, publicKey: key.publicKey })) {
    return [failed('a login is accepted whose signature is wrong')]
  }
  if (!(await logsIn(way, jwt, key))) {
    return [failed('what Mayfly signs for the account is refused at login', 'see the log of the server for why')]
  }
  const pending: string[] = []
  try {
    const report = {
      cut: async () => undefined,
      removed: async () => undefined,
      pending: async (_handle: AccountHandle, reason: string) => void pending.push(reason),
    }
    await revokeUsers(way, [handle], report, signal)
    if (pending.length > 0) return [failed(pending.join('; '), 'run `mayfly resource guide nats`')]
    if (await logsIn(way, jwt, key)) return [failed('a revoked credential still logs in')]
  } finally {
    // Its private half is nobody's from here on.
    const within = signal.aborted ? AbortSignal.timeout(10_000) : signal
    await pushEnds(way, { handles: [], forget: [key.publicKey] }, within)
  }
  return [{ check: 'probe', outcome: 'passed', detail: 'a credential was issued, logged in, was ended and is refused' }]
}

function failed(detail: string, hint?: string): CheckFinding {
  return { check: 'probe', outcome: 'failed', detail, ...(hint === undefined ? {} : { hint }) }
}

async function logsIn(way: NatsWay, jwt: string, key: Nkey): Promise<boolean> {
  try {
    const connection = await dialAny(way.settings, { jwt, key })
    connection.close()
    return true
  } catch (error) {
    if (isLoginRefused(error)) return false
    throw error
  }
}
