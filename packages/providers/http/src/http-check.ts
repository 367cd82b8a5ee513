/** Proves by doing that the template fits the system. */
import { MayflyError } from '@mayfly/domain'
import type { AccountHandle, CheckFinding, CheckProbe, Target } from '@mayfly/provider-kit'
import type { HttpPermission } from './http-permission.ts'
import type { HttpSettings } from './http-settings.ts'

const probeLifeMs = 120_000
const probeDeadlineMs = 15_000

export async function checkSystem(
  settings: HttpSettings,
  target: Target<HttpPermission>,
  probe: CheckProbe<HttpPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  const passed = (check: string, detail: string) => findings.push({ check, outcome: 'passed', detail })
  const handle = probe.newHandle()
  const [before] = await target.observe([handle], signal)
  passed('connection', 'the system answers, and takes the secret of the resource')
  if (before?.state !== 'absent') {
    findings.push({
      check: 'find',
      outcome: 'failed',
      detail: 'an account that was never made is said to be there',
      hint: 'look at `find`',
    })
    return findings
  }
  if (settings.base_url.startsWith('http:')) {
    const detail = 'TLS is off; the secret crosses this machine in a form that a listener can use'
    findings.push({ check: 'tls', outcome: 'warned', detail })
  }
  if (probe.permission === undefined) {
    const detail = 'no role says yet what an account may do: none was made'
    findings.push({ check: 'account', outcome: 'warned', detail, hint: 'register a role and check again' })
    return findings
  }
  try {
    await target.issue(
      handle,
      {
        permission: probe.permission,
        parameters: {},
        expiresAt: new Date(Date.now() + probeLifeMs),
        createDeadlineAt: new Date(Date.now() + probeDeadlineMs),
      },
      signal,
    )
    const [made] = await target.observe([handle], signal)
    if (made?.state === 'usable') passed('account', 'an account was made, and is found again by its name')
    else
      findings.push({
        check: 'find',
        outcome: 'failed',
        detail: 'an account that was made is not found',
        hint: 'look at `find`',
      })
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    findings.push(failed('account', error))
  }
  findings.push(await removeProbe(target, handle, signal))
  return findings
}

async function removeProbe(
  target: Target<HttpPermission>,
  handle: AccountHandle,
  signal: AbortSignal,
): Promise<CheckFinding> {
  let reason: string | undefined
  try {
    const nothing = async () => undefined
    await target.revoke(
      [handle],
      { cut: nothing, removed: nothing, pending: async (_, why) => void (reason = why) },
      signal,
    )
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    return failed('removal', error)
  }
  if (reason !== undefined)
    return { check: 'removal', outcome: 'failed', detail: reason, hint: 'look at `delete` and `find`' }
  return { check: 'removal', outcome: 'passed', detail: 'the system says that the account is absent' }
}

function failed(check: string, { code, options }: MayflyError): CheckFinding {
  const detail = options.publicDetail ?? code.replaceAll('_', ' ')
  return { check, outcome: 'failed', detail, ...(options.hint === undefined ? {} : { hint: options.hint }) }
}
