/**
 * `resource check` for Redis: proves by doing that what Mayfly promises here will hold, at each node.
 *
 * Each line stands alone: one that fails does not hide the others. Leaves nothing behind.
 */
import { MayflyError, publicReason } from '@mayfly/domain'
import { type CheckFinding, type CheckProbe, isLoginRefused } from '@mayfly/provider-kit'
import { checkProbe, type ProbeTarget } from './check-probe.ts'
import { checkRights } from './check-rights.ts'
import { connectNode, type Login, type Reply } from './redis-connection.ts'
import { targetError } from './redis-error.ts'
import type { RedisPermission } from './redis-permission.ts'
import type { Nodes, Topology } from './redis-topology.ts'

/** The deadline of a create is judged by the target's clock. */
const clockToleranceMs = 2_000
const oldest = [7, 0] as const

export async function checkTarget(
  nodes: Nodes,
  login: Login,
  target: ProbeTarget,
  probe: CheckProbe<RedisPermission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = []
  const attempt = async <T>(check: string, run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run()
    } catch (error) {
      // Mayfly may have another secret of its login to try.
      if (signal.aborted || !(error instanceof MayflyError) || isLoginRefused(error)) throw error
      findings.push(failedBy(check, error))
      return undefined
    }
  }

  const topology = await attempt('connection', () => nodes.look(signal))
  if (!topology) return findings
  findings.push(versionFinding(topology), tlsFinding(nodes), nodesFinding(nodes, topology))
  const clock = await attempt('clock', () => checkClock(topology, signal))
  if (clock) findings.push(clock)
  const strangers = await attempt('strangers', () => checkStrangers(nodes, topology, signal))
  if (strangers) findings.push(strangers)
  findings.push(...((await attempt('rights', () => checkRights(topology, login.username, signal))) ?? []))
  findings.push(savedFinding(topology))
  const { permission } = probe
  if (!permission) {
    findings.push({
      check: 'login',
      outcome: 'warned',
      detail: 'no login was tried, because there is no role to try yet',
      hint: 'register a role of this resource, then check again',
    })
    return findings
  }
  const tried = await attempt('login', () => checkProbe(nodes, target, permission, probe.newHandle(), signal))
  return [...findings, ...(tried ?? [])]
}

function failedBy(check: string, error: MayflyError): CheckFinding {
  return {
    check,
    outcome: 'failed',
    detail: publicReason(error),
    ...(error.options.hint === undefined ? {} : { hint: error.options.hint }),
  }
}

function versionFinding({ members }: Topology): CheckFinding {
  const versions = [...new Set(members.map((member) => member.facts.version))]
  const detail = `version ${versions.join(', ')}${members.some((one) => one.facts.isCluster) ? ', a cluster' : ''}`
  if (versions.every(isNewEnough)) return { check: 'connection', outcome: 'passed', detail }
  return { check: 'connection', outcome: 'failed', detail: `${detail}: older than 7.0`, hint: 'upgrade the target' }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

function tlsFinding({ settings }: Nodes): CheckFinding {
  if (settings.tls.mode === 'verify_full') {
    return { check: 'tls', outcome: 'passed', detail: 'connections are encrypted, and certificates name their nodes' }
  }
  return {
    check: 'tls',
    outcome: 'warned',
    detail: 'TLS is off; every password crosses this machine as it is',
    hint: 'use `verify_full` as soon as the target is on another machine',
  }
}

function nodesFinding({ settings }: Nodes, { members, unreachable }: Topology): CheckFinding {
  const failed = (detail: string, hint: string): CheckFinding => ({ check: 'nodes', outcome: 'failed', detail, hint })
  const total = members.length + unreachable.length
  const [missing] = unreachable
  if (missing !== undefined) {
    const why = publicReason(missing.error)
    return failed(
      `${unreachable.length} of ${total} nodes cannot be used: ${why}; what is revoked stays pending there`,
      missing.error.options.hint ?? 'start the node, or take it out of `nodes`',
    )
  }
  const lonely = members.filter((member) => member.guardedBy === undefined)
  if (lonely.length > 0) {
    return failed(
      `${lonely.length} of ${total} nodes replicate from a server that does not belong to the target, or have no slots`,
      'add their primary to `nodes`, or take them out',
    )
  }
  const replicas = members.filter((member) => member.facts.role === 'replica').length
  const named = members.reduce((sum, member) => sum + member.facts.replicas.length, 0)
  if (settings.nodes.mode === 'listed' && named > replicas) {
    return failed(
      `the primary has ${named} replicas, and ${replicas} of them are listed: nothing is made or ended at the others`,
      'add them to `nodes`, or set it to { "mode": "discovered" }',
    )
  }
  return {
    check: 'nodes',
    outcome: 'passed',
    detail: `${total - replicas} primary and ${replicas} replica nodes answer`,
  }
}

async function checkClock({ members }: Topology, signal: AbortSignal): Promise<CheckFinding> {
  let worstMs = 0
  for (const { node } of members) {
    const askedAt = Date.now()
    const [reply] = await node.ask('check', [['TIME']], signal)
    const answeredAt = Date.now()
    const [seconds, micros] = Array.isArray(reply) ? (reply as readonly Reply[]).map(Number) : []
    const nodeMs = (seconds ?? Number.NaN) * 1_000 + (micros ?? 0) / 1_000
    worstMs = Math.max(worstMs, nodeMs - answeredAt, askedAt - nodeMs)
  }
  if (worstMs <= clockToleranceMs) {
    return { check: 'clock', outcome: 'passed', detail: `the clocks differ by less than ${clockToleranceMs / 1_000} s` }
  }
  return {
    check: 'clock',
    outcome: 'failed',
    detail: `the clocks of the target and of Mayfly differ by ${(worstMs / 1_000).toFixed(1)} s: creates are refused, or come too late`,
    hint: 'keep both in time with NTP',
  }
}

/** Whoever lost their user is a stranger: where strangers may do things, the end of a credential means little. */
async function checkStrangers(nodes: Nodes, { members }: Topology, signal: AbortSignal): Promise<CheckFinding> {
  for (const { node } of members) {
    try {
      const connection = await connectNode(nodes.settings, node.address, undefined, signal)
      try {
        const [reply] = await connection.send([['PING']], signal)
        if (reply instanceof Error && reply.message.startsWith('NOAUTH')) continue
      } finally {
        connection.close()
      }
    } catch (error) {
      throw targetError(error, `check at ${node.id}`)
    }
    return {
      check: 'strangers',
      outcome: 'failed',
      detail:
        'the target lets in who does not log in at all, as the user `default`, so no end of a credential means much',
      hint: 'give `default` a password (`requirepass`), or turn it off: ACL SETUSER default off',
    }
  }
  return { check: 'strangers', outcome: 'passed', detail: 'who does not log in may do nothing' }
}

function savedFinding({ members }: Topology): CheckFinding {
  if (members.every((member) => member.facts.aclSaves === 0)) {
    return {
      check: 'acl_file',
      outcome: 'passed',
      detail: 'the ACL file was not written since the start of the target',
    }
  }
  return {
    check: 'acl_file',
    outcome: 'warned',
    detail: 'the ACL file was written while Mayfly may have had users there; Mayfly saves them out as they end',
    hint: 'run ACL SAVE rarely: it stops the target for up to 2 ms a user',
  }
}
