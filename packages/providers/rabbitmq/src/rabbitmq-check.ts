/** Proves by doing that Mayfly's user suffices. */
import { MayflyError } from '@mayfly/domain'
import { type CheckFinding, type CheckProbe, Secret, type Target } from '@mayfly/provider-kit'
import type { RabbitmqApi } from './rabbitmq-api.ts'
import type { RabbitmqPermission } from './rabbitmq-permission.ts'
import type { RabbitmqSettings } from './rabbitmq-settings.ts'

export async function checkBroker(
  settings: RabbitmqSettings,
  api: RabbitmqApi,
  target: Target<RabbitmqPermission>,
  probe: CheckProbe<RabbitmqPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  const say = (check: string, outcome: CheckFinding['outcome'], detail: string, hint?: string) =>
    findings.push({ check, outcome, detail, ...(hint === undefined ? {} : { hint }) })
  const { body: overview } = await api.call('GET', ['overview'], { signal })
  const { rabbitmq_version: version = 'unknown' } = (overview ?? {}) as { rabbitmq_version?: string }
  say('connection', 'passed', `RabbitMQ ${version}`)
  if (settings.management_url.startsWith('http:')) {
    say('tls', 'warned', 'TLS is off; the password of Mayfly crosses this machine in a form that a listener can use')
  }
  const { body: self } = await api.call('GET', ['whoami'], { signal })
  // A list since 3.9, words with commas before.
  const { tags = '' } = (self ?? {}) as { tags?: string | readonly string[] }
  const words = typeof tags === 'string' ? tags.split(',') : tags
  if (!words.includes('administrator')) {
    say('rights', 'failed', 'the user has not the tag `administrator`', '`mayfly resource guide rabbitmq`')
    return findings
  }
  say('rights', 'passed', 'the user may make and remove users; RabbitMQ knows no smaller right for it')
  if (probe.permission === undefined) {
    say('login', 'warned', 'no role says yet what a user may do: none was made', 'register a role and check again')
    return findings
  }
  await probeUser(api, target, probe, probe.permission, say, signal)
  return findings
}

async function probeUser(
  api: RabbitmqApi,
  target: Target<RabbitmqPermission>,
  probe: CheckProbe<RabbitmqPermission>,
  permission: RabbitmqPermission,
  say: (check: string, outcome: CheckFinding['outcome'], detail: string, hint?: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const handle = probe.newHandle()
  const nothing = async () => undefined
  try {
    const expiresAt = new Date(Date.now() + 120_000)
    const request = { permission, parameters: {}, expiresAt, createDeadlineAt: new Date(Date.now() + 15_000) }
    const { fields } = await target.issue(handle, request, signal)
    const { password } = fields
    if (!(password instanceof Secret)) throw new MayflyError('internal', { log: 'rabbitmq: no password was made' })
    const logsIn = await api.takesPassword(handle.accountName, password, signal)
    say(
      'login',
      logsIn ? 'passed' : 'failed',
      logsIn ? 'a user was made, and its password is taken' : 'a user was made, and its password is not taken',
    )
    const anyPassword = await api.takesPassword(handle.accountName, new Secret('not-the-password'), signal)
    if (anyPassword)
      say('password', 'failed', 'a wrong password is taken too', 'look at the authentication backends of RabbitMQ')
    else say('password', 'passed', 'a wrong password is refused')
    const startMs = performance.now()
    await target.revoke([handle], { cut: nothing, removed: nothing, pending: nothing }, signal)
    const dead = !(await api.takesPassword(handle.accountName, password, signal))
    const took = Math.round(performance.now() - startMs)
    say(
      'removal',
      dead ? 'passed' : 'failed',
      dead
        ? `the user was removed and its password is refused after ${took} ms`
        : 'the password is still taken after the removal',
    )
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    const { publicDetail, hint } = error.options
    say('login', 'failed', publicDetail ?? error.code.replaceAll('_', ' '), hint)
    await target.revoke([handle], { cut: nothing, removed: nothing, pending: nothing }, signal)
  }
}
