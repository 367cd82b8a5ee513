/**
 * What must be permitted where one acts for another: the actor itself, that it acts for this subject, and the subject.
 *
 * Promise: a delegated credential is never more than what the subject could have had itself, for the same role, under a task
 * of its own; nor more than what the actor may have. Only the current actor and the subject are asked about: who acted
 * before is told, and decides nothing (RFC 8693 section 4.1).
 * A person holds no credentials, so of a person there is only the question whether this actor may act for them on this role.
 */
import type { Facts } from './facts.ts'

/** The question itself, first; then what else must be permitted. */
export function questionsOf(facts: Facts): readonly [Facts, ...Facts[]] {
  const { onBehalfOf, resource } = facts
  if (onBehalfOf === undefined || resource.type !== 'Role') return [facts]
  const exchange: Facts = {
    ...facts,
    action: 'token.exchange',
    resource:
      onBehalfOf.subject.kind === 'identity'
        ? { type: 'Identity', identity: onBehalfOf.subject }
        : { type: 'Tenant', tenantId: facts.tenantId },
    exchangedRole: resource,
  }
  if (onBehalfOf.subject.kind === 'person') return [facts, exchange]
  const { onBehalfOf: _acts, task: _of, sourceAddress: _from, ...rest } = facts
  const subject: Facts = {
    ...rest,
    principal: onBehalfOf.subject,
    attestation: onBehalfOf.attestation,
    ...(onBehalfOf.task === undefined ? {} : { task: onBehalfOf.task }),
    chainLength: 0,
  }
  return [facts, exchange, subject]
}
