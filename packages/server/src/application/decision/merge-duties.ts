/**
 * Puts together what several permits oblige to, and says which duties nobody can discharge.
 */
import { bindings, type BoundTo, type Environment } from '@mayfly/domain'
import type { CompiledPolicy } from '../../adapters/cedar/compiled-policy.ts'
import type { DenyReason } from './decision.ts'
import { type Duties, sessionCeilingSeconds, ttlCeilingSeconds } from './duties.ts'
import type { Facts } from './facts.ts'

export interface MergedDuties {
  readonly duties: Duties
  /** Of each duty that cannot be discharged; any of these makes the permit a deny. */
  readonly undischarged: readonly DenyReason[]
}

export function mergeDuties(permits: readonly CompiledPolicy[], facts: Facts): MergedDuties {
  const caps = numbers(permits, (policy) => policy.duties.untilTaskDeadlineSeconds)
  const untilTaskDeadlineSeconds = facts.task === undefined || caps.length === 0 ? undefined : Math.min(...caps)
  // Strongest first in the vocabulary, so the strictest is the one that comes first.
  const requireBinding = bindings.find((binding) => permits.some((policy) => policy.duties.requireBinding === binding))
  const requireTask = permits.some((policy) => policy.duties.requireTask === true)
  const requireApproval = permits.some((policy) => policy.duties.requireApproval === true)
  const ceiling =
    untilTaskDeadlineSeconds === undefined
      ? ceilingOf(facts)
      : Math.min(untilTaskDeadlineSeconds, secondsToDeadline(facts))
  return {
    duties: {
      maxTtlSeconds: Math.min(
        ceiling,
        ...numbers(permits, (policy) => policy.duties.maxTtlSeconds),
        ...numbers(permits, (policy) => secondsUntil(policy, facts.now)),
      ),
      ...(requireTask ? { requireTask } : {}),
      ...(requireApproval ? { requireApproval } : {}),
      ...(requireBinding === undefined ? {} : { requireBinding }),
      ...(untilTaskDeadlineSeconds === undefined ? {} : { untilTaskDeadlineSeconds }),
    },
    undischarged: [...permits.flatMap((policy) => undischargedBy(policy, facts)), ...bridgesWithoutEnd(permits, facts)],
  }
}

function undischargedBy({ id, duties }: CompiledPolicy, facts: Facts): DenyReason[] {
  const denials: DenyReason[] = []
  if (duties.until !== undefined && new Date(duties.until) <= facts.now) {
    denials.push({ code: 'policy_ended', policyId: id, detail: `\`${id}\` permitted this until ${duties.until}` })
  }
  if (duties.requireTask === true && facts.task === undefined && facts.declaring === undefined) {
    denials.push({ code: 'task_required', policyId: id, detail: `\`${id}\` permits this only within a task` })
  }
  if (duties.requireApproval === true) {
    const detail = `\`${id}\` asks for an approval, and nothing here can collect one yet`
    denials.push({ code: 'approval_not_available', policyId: id, detail })
  }
  if (duties.requireBinding !== undefined) {
    const { requireBinding } = duties
    for (const { target, name } of rolesOf(facts)) {
      const possible = facts.binding === undefined ? target.offeredBindings : [facts.binding]
      if (possible.some((one) => isAtLeast(one, requireBinding))) continue
      const detail = target.offeredBindings.some((one) => isAtLeast(one, requireBinding))
        ? `\`${id}\` asks for credentials bound to \`${requireBinding}\`; this one for \`${name}\` would be bound to \`${facts.binding ?? 'none'}\`: send a public key of your own, or prove yourself from an address`
        : `\`${id}\` asks for credentials bound to \`${requireBinding}\`; \`${target.providerKind}\` offers less for \`${name}\``
      denials.push({ code: 'binding_not_offered', policyId: id, detail })
    }
  }
  return denials
}

/** A static secret is a bridge: whoever permits to read it says until when. */
function bridgesWithoutEnd(permits: readonly CompiledPolicy[], facts: Facts): DenyReason[] {
  if (permits.some((policy) => policy.duties.until !== undefined)) return []
  return rolesOf(facts)
    .filter(({ target }) => target.providerKind === 'static')
    .map(({ name }) => ({
      code: 'end_date_required',
      detail: `\`${name}\` is a static secret: only a policy with \`@until("YYYY-MM-DD")\` permits to read it`,
    }))
}

function secondsUntil({ duties }: CompiledPolicy, now: Date): number | undefined {
  if (duties.until === undefined) return undefined
  return Math.max(0, Math.floor((new Date(duties.until).getTime() - now.getTime()) / 1_000))
}

function isAtLeast(offered: BoundTo, wanted: BoundTo): boolean {
  return wanted === 'none' || (offered !== 'none' && bindings.indexOf(offered) <= bindings.indexOf(wanted))
}

function rolesOf({ resource, declaring, exchangedRole }: Facts) {
  if (declaring !== undefined) return declaring.roles
  if (exchangedRole !== undefined) return [exchangedRole]
  return resource.type === 'Role' ? [resource] : []
}

function ceilingOf(facts: Facts): number {
  // A person's access token is the session: it opens no system by itself.
  if (facts.action === 'token.issue' && facts.principal.kind === 'person') return sessionCeilingSeconds
  return Math.min(...environmentsOf(facts).map((environment) => ttlCeilingSeconds[environment]))
}

/** Where nothing says which environment it is, the strictest holds. */
function environmentsOf(facts: Facts): readonly Environment[] {
  const roles = rolesOf(facts)
  if (roles.length > 0) return roles.map((role) => role.target.environment)
  return [facts.principal.kind === 'identity' ? facts.principal.environment : 'production']
}

function secondsToDeadline({ task, now }: Facts): number {
  return task === undefined ? 0 : Math.max(0, Math.floor((task.deadline.getTime() - now.getTime()) / 1000))
}

function numbers(
  permits: readonly CompiledPolicy[],
  read: (policy: CompiledPolicy) => number | undefined,
): readonly number[] {
  return permits.map(read).filter((value) => value !== undefined)
}
