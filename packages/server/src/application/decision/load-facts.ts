/**
 * Reads the facts of a question from the primary (law 13), in one statement.
 *
 * Not here: what they mean. A suspended identity is a fact like any other; `decide` denies it.
 */
import {
  type AttestationId,
  bindings,
  type BoundTo,
  type IdentityId,
  MayflyError,
  type PersonId,
  type RoleId,
} from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import {
  activePolicyPart,
  attestationPart,
  identityPart,
  noPart,
  personPart,
  type RoleJson,
  rolesPart,
  selectFacts,
  taskPart,
} from '../../store/facts-rows.ts'
import type { AuthorityDeps } from './authority-deps.ts'
import type { AttestationFacts, AuthorityRequest, Facts, PrincipalFacts, ResourceFacts, RoleFacts } from './facts.ts'
import { loadPolicy } from './load-policy.ts'
import { delegationFacts, delegationParts } from './read-delegation.ts'
import {
  attestationFacts,
  type FactReader,
  identityFacts,
  personFacts,
  policyFacts,
  roleFacts,
  taskFacts,
} from './read-facts.ts'
import { readResource, resourceNotFound } from './read-resource.ts'

export interface FactsInput {
  readonly request: AuthorityRequest
  readonly principal:
    | { readonly kind: 'person'; readonly personId: PersonId }
    | { readonly kind: 'identity'; readonly identityId: IdentityId }
  /** The proof under which it is asked: an accepted one by its id, or the one that is about to be accepted. */
  readonly attestation: AttestationId | AttestationFacts
  readonly sourceAddress?: string | undefined
  readonly now: Date
}

export const maxRolesPerTask = 50

/**
 * @throws MayflyError `resource_not_found`: what is asked about is not there; `token_invalid`: who asks, or the proof,
 *   is not there any more; `request_invalid`: a task without roles, or with too many
 */
export async function loadFacts(deps: AuthorityDeps, tx: Tx, input: FactsInput): Promise<Facts> {
  const { request, principal, attestation, now } = input
  const wantedRoles = request.task?.roles ?? []
  if (request.task !== undefined && (wantedRoles.length === 0 || wantedRoles.length > maxRolesPerTask)) {
    throw new MayflyError('request_invalid', {
      fields: [{ pointer: '/roles', detail: `a task names 1 to ${maxRolesPerTask} roles` }],
    })
  }
  const resource = readResource(request.resource)
  const read = await selectFacts(tx, {
    person: principal.kind === 'person' ? personPart(principal.personId) : noPart,
    identity: principal.kind === 'identity' ? identityPart(principal.identityId) : noPart,
    attestation: typeof attestation === 'string' ? attestationPart(attestation) : noPart,
    resource: resource.part,
    task: request.taskId === undefined ? noPart : taskPart(request.taskId),
    roles: request.task === undefined ? noPart : rolesPart(wantedRoles),
    policy: activePolicyPart,
    ...delegationParts(request.onBehalfOf),
  })

  const reader: FactReader = { versions: [], offeredBindings: deps.offeredBindings }
  const proof =
    typeof attestation === 'string' ? read.attestation && attestationFacts(reader, read.attestation) : attestation
  const who: PrincipalFacts | null =
    (read.person && personFacts(reader, read.person, proof?.trustProviderName ?? '')) ??
    (read.identity && identityFacts(reader, read.identity))
  if (who === null || proof === null) {
    throw new MayflyError('token_invalid', { log: `the ${principal.kind} of a request, or its proof, has no row` })
  }
  if (request.taskId !== undefined && read.task === null) throw resourceNotFound('Task', request.taskId)
  const { onBehalfOf } = request
  const delegation = onBehalfOf === undefined ? {} : { onBehalfOf: delegationFacts(reader, onBehalfOf, read) }
  const policy = read.policy && policyFacts(reader, read.policy)
  if (policy !== null) await loadPolicy(deps, tx, policy)
  const about = resource.factsOf(reader, tx, read.resource)
  const binding = bindingOf(deps, request, about, proof, read.attestation?.source_address)
  return {
    tenantId: tx.tenantId,
    now,
    action: request.action,
    principal: who,
    attestation: proof,
    resource: about,
    ...(binding === undefined ? {} : { binding }),
    ...(read.task === null ? {} : { task: taskFacts(reader, read.task) }),
    ...(request.task === undefined
      ? {}
      : {
          declaring: {
            kind: request.task.kind,
            deadline: request.task.deadline,
            roles: rolesFound(reader, read.roles ?? [], wantedRoles),
          },
        }),
    ...(request.ttlSeconds === undefined ? {} : { ttlSeconds: request.ttlSeconds }),
    ...(input.sourceAddress === undefined ? {} : { sourceAddress: input.sourceAddress }),
    risk: 0,
    chainLength: onBehalfOf?.chainLength ?? 0,
    ...delegation,
    delivery: 'direct',
    asked: request.context ?? {},
    ...(policy === null ? {} : { policy }),
    versions: reader.versions,
  }
}

/** Of what the resource offers the strongest that this request can have; undefined where no credential is asked for. */
function bindingOf(
  deps: AuthorityDeps,
  { action, boundTo, holdsKey }: AuthorityRequest,
  resource: ResourceFacts,
  proof: AttestationFacts,
  provenFrom: string | null | undefined,
): BoundTo | undefined {
  if (boundTo !== undefined) return boundTo
  if (action !== 'credential.issue' || resource.type !== 'Role') return undefined
  const { offeredBindings, providerKind } = resource.target
  const asToken = !deps.takesHolderKeys(providerKind) && proof.tokenBoundTo !== 'none'
  const possible = { key: holdsKey === true || asToken, address: typeof provenFrom === 'string', none: true }
  return bindings.find((one) => possible[one] && offeredBindings.includes(one)) ?? 'none'
}

/** Each role once; every one asked for must be there. */
function rolesFound(reader: FactReader, rows: readonly RoleJson[], wanted: readonly string[]): RoleFacts[] {
  const byRef = new Map<string, RoleFacts>()
  for (const row of rows) {
    const role = roleFacts(reader, row)
    byRef.set(role.roleId, role).set(role.name, role)
  }
  const found = new Map<RoleId, RoleFacts>()
  for (const ref of wanted) {
    const role = byRef.get(ref)
    if (role === undefined) throw resourceNotFound('Role', ref)
    found.set(role.roleId, role)
  }
  return [...found.values()]
}
