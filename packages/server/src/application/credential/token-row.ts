/**
 * What a token adds to the row of a credential, and what the token will say: worked out in the transaction that decides.
 *
 * Promise: a token lives no longer than any proof, token, identity or task that it rests on. It is never for Mayfly itself.
 */
import { type BoundTo, type JsonObject, MayflyError } from '@mayfly/domain'
import type { ActClaim, SelfContained, TokenStatement } from '@mayfly/provider-kit'
import type { Signer } from '../../adapters/keys/signing-key.ts'
import {
  type CredentialRow,
  holdActive,
  type NewCredentialRow,
  type TokenColumns,
} from '../../store/credential-rows.ts'
import type { Tx } from '../../store/database.ts'
import type { IssueBounds } from '../../store/issue-rows.ts'
import { confirmationOf, readBindingText, type TokenBinding } from '../proof/token-binding.ts'
import { statusListUri } from '../proof/status-list-token.ts'
import type { StatusPlace } from '../revocation/status-places.ts'
import type { Delegation, IssueInput } from './issue-request.ts'

export interface TokenInput {
  readonly input: IssueInput
  readonly bounds: IssueBounds
  readonly selfContained: SelfContained<unknown, unknown>
  readonly settings: unknown
  readonly permission: unknown
  readonly place: StatusPlace
  readonly issuer: string
  readonly now: Date
}

/** What the sender has proven to hold; where nobody says (the API), what the holder's own access token is bound to. */
export function bindingOf({ token }: IssueInput, bounds: IssueBounds): TokenBinding | undefined {
  return token === undefined ? readBindingText(bounds.proofTokenBinding) : token.binding
}

export function boundToOf(binding: TokenBinding | undefined): BoundTo {
  return binding === undefined ? 'none' : 'key'
}

export function tokenColumns(of: TokenInput): TokenColumns {
  const { input, bounds, place, now } = of
  const delegation = input.token?.onBehalfOf
  const subject = delegation?.subject
  return {
    bound_to: boundToOf(bindingOf(input, bounds)),
    active_at: now,
    status_list_id: place.listId,
    status_index: place.index,
    subject_identity_id: subject?.kind === 'identity' ? subject.identityId : null,
    subject_person_id: subject?.kind === 'person' ? subject.personId : null,
    subject_attestation_id: delegation?.attestationId ?? null,
    subject_task_id: delegation?.taskId ?? null,
    chain_length: delegation?.chainLength ?? null,
    parent_credential_id: delegation?.parentCredentialId ?? null,
  }
}

/** @throws MayflyError `request_invalid`: what it rests on ends now */
export function tokenEnd(of: TokenInput, { expires_at }: Pick<CredentialRow, 'expires_at'>): Date {
  const { bounds, input, now, selfContained, settings } = of
  const ends = [
    expires_at,
    new Date(now.getTime() + selfContained.maxTtlSeconds(settings) * 1_000),
    bounds.proofFreshUntil,
    input.token?.endsBy,
    bounds.subjectExpiresAt,
    bounds.subjectProofFreshUntil,
  ]
  const end = new Date(Math.min(...ends.flatMap((date) => date?.getTime() ?? [])))
  // `exp` is a whole second.
  if (end.getTime() - now.getTime() >= 1_000) return end
  throw new MayflyError('request_invalid', {
    publicDetail: 'what the token would rest on has ended, or ends now',
    hint: 'prove again, and ask with the new token',
  })
}

/**
 * What must hold of a token beside the decision.
 *
 * @throws MayflyError `resource_not_found`: the resource has no such audience (any more)
 * @throws MayflyError `settings_invalid`: the audience is Mayfly's own
 * @throws MayflyError `request_invalid`: the token that is exchanged has ended
 */
export async function requireTokenTerms(tx: Tx, of: TokenInput): Promise<void> {
  const { input, selfContained, settings, issuer, bounds, now } = of
  const audience = selfContained.audience(settings)
  const missing = input.token?.audiences.find((wanted) => !audience.includes(wanted) && wanted !== bounds.resource.name)
  if (missing !== undefined) {
    throw new MayflyError('resource_not_found', { publicDetail: `there is no resource for \`${missing}\`` })
  }
  if (audience.some((name) => isOwn(name, issuer))) {
    throw new MayflyError('settings_invalid', {
      publicDetail: 'the audience of the resource is Mayfly itself, whose tokens come of a proof and of nothing else',
      hint: 'change `audience` of the resource',
    })
  }
  const parent = input.token?.onBehalfOf?.parentCredentialId
  if (parent !== undefined && !(await holdActive(tx, parent, now))) {
    throw new MayflyError('request_invalid', { publicDetail: 'the token that is to be exchanged has ended' })
  }
}

/** Anything at the address of this server, of whatever tenant. */
function isOwn(audience: string, issuer: string): boolean {
  const origin = new URL(issuer).origin
  return URL.canParse(audience) && new URL(audience).origin === origin
}

export function tokenStatement(
  of: TokenInput,
  row: NewCredentialRow,
  signer: Signer & { readonly algorithm: TokenStatement['algorithm'] },
): TokenStatement {
  const { input, bounds, place, issuer, now } = of
  const binding = bindingOf(input, bounds)
  const delegation = input.token?.onBehalfOf
  return {
    issuer,
    subject: subjectOf(delegation, bounds),
    clientId: row.identity_id,
    ...(delegation === undefined ? {} : { act: actOf(bounds.identitySpiffeId, delegation.act) }),
    issuedAt: now,
    ...(binding === undefined ? {} : { confirmation: { ...confirmationOf(binding) } }),
    boundTo: boundToOf(binding),
    ...(input.token?.tellsDetails === true ? { authorizationDetails: [grantedDetail(of)] } : {}),
    ...(input.taskId === undefined ? {} : { taskId: input.taskId }),
    status: { idx: place.index, uri: statusListUri(issuer, place.listId) },
    keyId: signer.keyId,
    algorithm: signer.algorithm,
    sign: (data) => signer.signLater(data),
  }
}

function subjectOf(delegation: Delegation | undefined, bounds: IssueBounds): string {
  if (delegation === undefined) return bounds.identitySpiffeId
  if (delegation.subject.kind === 'person') return `person:${delegation.subject.personId}`
  if (bounds.subjectSpiffeId === null) throw new MayflyError('internal', { log: 'a subject without its SPIFFE ID' })
  return bounds.subjectSpiffeId
}

/** Whoever exchanges a second time what it acts in already does not act twice. */
function actOf(holder: string, before: ActClaim | undefined): ActClaim {
  if (before === undefined) return { sub: holder }
  return before.sub === holder ? before : { sub: holder, act: before }
}

function grantedDetail({ input, bounds, selfContained, settings }: TokenInput): JsonObject {
  return {
    type: roleDetailType,
    identifier: `${bounds.resource.name}/${bounds.role.name}`,
    locations: [...selfContained.audience(settings)],
    ...(input.parameters === undefined ? {} : { parameters: { ...input.parameters } }),
  }
}

/** The one type of `authorization_details` (RFC 9396) that there is: a role of a resource. */
export const roleDetailType = 'mayfly_role'
