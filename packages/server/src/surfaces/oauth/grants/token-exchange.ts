/**
 * Token exchange (RFC 8693): a token for another audience, for a party that has handed over its own.
 *
 * Promise: the one who gets it is always named. Whoever asks is authenticated, by its client authentication or its actor token,
 * and stands in `act` where it is not the subject itself: there is no impersonation. Subject and actor are both decided on,
 * and the token ends with either. It is never a token for Mayfly itself, so that nothing delegated can govern.
 */
import { MayflyError } from '@mayfly/domain'
import type { Delegation } from '../../../application/credential/issue-request.ts'
import { maxChainLength } from '../../../application/decision/facts.ts'
import type { GrantedToken } from '../../../application/proof/accept-proof.ts'
import type { LiveToken } from '../../../application/proof/authenticate.ts'
import { actDepth } from '../../../application/proof/issued-token.ts'
import { getIssuer } from '../../../application/proof/tenant-directory.ts'
import { bindingText, type TokenBinding } from '../../../application/proof/token-binding.ts'
import { findPeerCertificate } from '../../http/peer-certificate.ts'
import { answerTarget } from '../answer-target.ts'
import { proveClient } from '../authenticate-client.ts'
import { type ExchangedParty, readExchangedParty, tokenTypes } from '../exchanged-party.ts'
import { requireParameter } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import { readTarget } from '../token-target.ts'
import type { OAuthDeps, TokenAnswer, TokenRequest } from './grant.ts'

export async function answerTokenExchange(deps: OAuthDeps, asked: TokenRequest): Promise<TokenAnswer> {
  const { form } = asked
  requireParameter(form, 'subject_token')
  requireParameter(form, 'subject_token_type')
  if (form.has('actor_token') !== form.has('actor_token_type')) {
    throw new OAuthError('invalid_request', { description: 'actor_token and actor_token_type go together' })
  }
  const issuedType = readRequestedType(form.get('requested_token_type'))
  const target = await readTarget(deps, asked)
  if (target === undefined) {
    throw new OAuthError('invalid_target', {
      description: 'a token for Mayfly itself comes of a proof and is not exchanged; name another target',
    })
  }
  const client = authenticates(asked) ? await proveClient(deps, asked) : undefined
  const { subject, actor, acting } = await readParties(deps, asked, client)
  const onBehalfOf = acting === undefined ? undefined : await delegationOf(deps, asked, subject, acting)
  const answer = await answerTarget(deps, asked, actor, target, { onBehalfOf, endsBy: endOf(subject, acting) })
  return {
    ...answer,
    issued_token_type: issuedType,
    // Section 2.2.1: what is not asked for as an access token is used in a way that we do not know.
    token_type: issuedType === tokenTypes.accessToken ? answer.token_type : 'N_A',
  }
}

function readRequestedType(type: string | undefined): string {
  if (type === undefined || type === tokenTypes.accessToken) return tokenTypes.accessToken
  if (type === tokenTypes.jwt) return type
  throw new OAuthError('invalid_request', {
    description: `requested_token_type must be ${tokenTypes.accessToken} or ${tokenTypes.jwt}`,
  })
}

interface Parties {
  readonly subject: ExchangedParty
  /** Who will hold the token. */
  readonly actor: LiveToken['actor']
  /** How the holder is known, where it acts for another; undefined where it is the subject itself. */
  readonly acting: Acting | undefined
}

interface Acting {
  readonly subject: string
  readonly platform?: ExchangedParty['platform']
  /** The end of the token that proves it; absent where it proved itself with this request. */
  readonly expiresAt?: Date
}

async function readParties(deps: OAuthDeps, asked: TokenRequest, client: GrantedToken | undefined): Promise<Parties> {
  const { form, tokenBinding } = asked
  const alone = client === undefined && !form.has('actor_token')
  const shown = form.has('actor_token') ? await readExchangedParty(deps, asked, 'actor_token', undefined) : undefined
  const subject = await readExchangedParty(deps, asked, 'subject_token', alone ? form.get('client_id') : undefined)
  if (shown !== undefined) requirePossession('actor_token', shown, tokenBinding)
  const shownActor = shown === undefined ? undefined : provenActor('actor_token', shown)
  if (client !== undefined && shownActor !== undefined && idOf(client.actor) !== idOf(shownActor)) {
    throw new OAuthError('invalid_request', { description: 'actor_token is of another than the client' })
  }
  const actor = shownActor ?? client?.actor
  if (actor === undefined) {
    requirePossession('subject_token', subject, tokenBinding)
    return { subject, actor: provenActor('subject_token', subject), acting: undefined }
  }
  if (idOf(actor) === idOf(subject.party) && subject.act === undefined && subject.parentCredentialId === undefined) {
    return { subject, actor, acting: undefined }
  }
  return { subject, actor, acting: shown ?? { subject: client?.subject ?? subject.subject } }
}

/** Whether the request shows who the client is, by any of its methods. */
function authenticates({ form, request }: TokenRequest): boolean {
  const names = ['client_assertion', 'client_assertion_type', 'client_secret'] as const
  return names.some((name) => form.has(name)) || (form.has('client_id') && findPeerCertificate(request) !== undefined)
}

/** A token for another audience proves to that audience who sends it, and to nobody else. */
function provenActor(name: string, { actor }: ExchangedParty): LiveToken['actor'] {
  if (actor !== undefined) return actor
  throw new OAuthError('invalid_request', {
    description: `${name} is for another audience and does not say who asks; authenticate the client, or give an actor_token`,
  })
}

/** RFC 9449 section 6, RFC 8705 section 3: a bound token in hands that cannot show its key says nothing of them. */
function requirePossession(name: string, { binding }: ExchangedParty, held: TokenBinding | undefined): void {
  if (binding === undefined || (held !== undefined && bindingText(held) === bindingText(binding))) return
  throw new OAuthError('invalid_request', { description: `${name} is bound to a key that the request does not prove` })
}

async function delegationOf(
  deps: OAuthDeps,
  { tenantId }: TokenRequest,
  subject: ExchangedParty,
  acting: Acting,
): Promise<Delegation> {
  requireMayAct(subject, acting, await getIssuer(deps.tenants, tenantId))
  const depth = actDepth(subject.act)
  const chainLength = subject.act?.sub === acting.subject ? depth : depth + 1
  if (chainLength > maxChainLength) {
    throw new OAuthError('invalid_request', { description: `more than ${maxChainLength} would have acted in turn` })
  }
  return {
    subject: partyOf(subject),
    attestationId: subject.attestationId,
    chainLength,
    act: subject.act,
    parentCredentialId: subject.parentCredentialId,
    ...(subject.taskId === undefined ? {} : { taskId: subject.taskId }),
  }
}

function partyOf({ party }: ExchangedParty): Delegation['subject'] {
  return party.kind === 'person'
    ? { kind: 'person', personId: party.personId }
    : { kind: 'identity', identityId: party.identityId }
}

/** Section 4.4: where the subject token names who may act, nobody else may. By our name for it, or by its platform's. */
function requireMayAct({ mayAct }: ExchangedParty, { subject, platform }: Acting, issuer: string): void {
  if (mayAct === undefined) return
  const named = typeof mayAct === 'object' && mayAct !== null ? (mayAct as Record<string, unknown>) : {}
  const { sub, iss } = named
  const byUs = sub === subject && (iss === undefined || iss === issuer)
  const byPlatform = platform !== undefined && iss !== undefined && sub === platform.subject && iss === platform.issuer
  if (typeof sub === 'string' && sub !== '' && (byUs || byPlatform)) return
  throw new OAuthError('invalid_request', { description: 'may_act of subject_token names another actor' })
}

/** What comes of two tokens lives no longer than either. */
function endOf(subject: ExchangedParty, acting: Acting | undefined): Date {
  return new Date(Math.min(subject.expiresAt.getTime(), acting?.expiresAt?.getTime() ?? Infinity))
}

function idOf(party: ExchangedParty['party']): string {
  if (party.kind === 'identity') return party.identityId
  if (party.kind === 'person') return party.personId
  throw new MayflyError('internal', { log: 'a party is neither an identity nor a person' })
}
