/** A company whose services hold tokens for each other's APIs; the server, its clients, and verifiers that are not ours. */
import { inflateSync } from 'node:zlib'
import { createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify, type JWTVerifyResult } from 'jose'
import { type CredentialId, defaultTenantId, newId, type PolicyVersionId, type TaskId } from '@mayfly/domain'
import { findLiveToken } from '../../../packages/server/src/application/proof/authenticate.ts'
import { declareTask as declareTaskAs } from '../../../packages/server/src/application/task/declare-task.ts'
import { sequenceLog } from '../../../packages/server/src/application/audit/sequence-log.ts'
import { type StateReport, verifyState } from '../../../packages/server/src/application/audit/verify-state.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { appendAudit } from '../../../packages/server/src/application/audit/append-audit.ts'
import { statedRow } from '../../../packages/server/src/application/audit/stated-rows.ts'
import { readDefaultPolicy } from '../../../packages/server/src/application/decision/ensure-default-policy.ts'
import { policyDigest } from '../../../packages/server/src/application/decision/policy-digest.ts'
import {
  findActivePolicyVersion,
  insertPolicyVersion,
  lockPolicyVersions,
  markPolicyVersionActive,
  supersedePolicyVersion,
} from '../../../packages/server/src/store/policy-rows.ts'
import { requestRedecision } from '../../../packages/server/src/store/redecision-rows.ts'
import { createTenantLogs } from '../../../packages/server/src/composition/tenant-logs.ts'
import { findInstallation } from '../../../packages/server/src/store/key-rows.ts'
import { registerResource } from '../../../packages/server/src/application/registry/register-resource.ts'
import { registerRole } from '../../../packages/server/src/application/registry/register-role.ts'
import { requestRevocation } from '../../../packages/server/src/application/revocation/request-revocation.ts'
import type { Selector } from '../../../packages/server/src/store/revocation-rows.ts'
import {
  addClient,
  bearerToken,
  type Client,
  clientAssertion,
  openOAuthWorld,
  type OAuthWorld,
} from '../oauth/oauth-fixture.ts'
import { type OAuthAnswer, postForm, type ProofServer, type ProofServerOptions } from '../proof/proof-server.ts'

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
export const idTokenType = 'urn:ietf:params:oauth:token-type:id_token'

export const ordersUri = 'https://orders.example'
export const stockUri = 'https://stock.example/api'

export interface TokensWorld extends OAuthWorld {
  /** Calls the orders API. */
  readonly web: Client
  /** Serves the orders API, and calls the stock API on behalf of its callers. */
  readonly orders: Client
  /** Serves the stock API. */
  readonly stock: Client
}

export async function openTokensWorld(options: ProofServerOptions = {}): Promise<TokensWorld> {
  const world = await openOAuthWorld(options)
  const { server } = world
  const web = await addClient(server, 'orders-web')
  const orders = await addClient(server, 'orders-service')
  const stock = await addClient(server, 'stock-service')
  await addApi(server, 'orders-api', { audience: [ordersUri] }, { reader: ['orders:read'], writer: ['orders:write'] })
  await addApi(server, 'stock-api', { audience: [stockUri, 'stock'] }, { reader: ['stock:read'] })
  return { ...world, web, orders, stock, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

export interface ApiOptions {
  readonly environment?: 'development' | 'production'
  readonly owner?: string
  readonly reach?: 'data' | 'admin'
}

export async function addApi(
  server: ProofServer,
  name: string,
  settings: Record<string, unknown>,
  roles: Record<string, readonly string[] | object>,
  { environment = 'development', owner = 'orders-team', reach = 'data' }: ApiOptions = {},
): Promise<void> {
  await server.change(async (change) => {
    await registerResource(server.registry, change, {
      name,
      provider: 'jwt',
      environment,
      reach,
      dataClass: 'internal',
      exposure: 'internal',
      delivery: 'direct',
      owner,
      settings,
      secret: {},
    })
    for (const [role, scopes] of Object.entries(roles)) {
      const more = Array.isArray(scopes) ? { permission: { scopes } } : (scopes as { permission: object })
      await registerRole(server.registry, change, { resource: name, name: role, ...more })
    }
  })
}

export type Form = Readonly<Record<string, string | readonly string[]>>

/** As in a form: a list is the same name several times. */
export function formText(form: Form): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) {
    for (const one of typeof value === 'string' ? [value] : value) text.append(name, one)
  }
  return text.toString()
}

export function askToken(server: ProofServer, form: Form, headers: Record<string, string> = {}): Promise<OAuthAnswer> {
  return postForm(`${server.url}/oauth/token`, formText(form), headers)
}

/** The client proves itself, and asks for a token for another audience. */
export async function askFor(server: ProofServer, client: Client, target: Form, headers: Record<string, string> = {}) {
  const form = { grant_type: 'client_credentials', ...(await clientAssertion(server, client)), ...target }
  return askToken(server, form, headers)
}

/** The client exchanges a token that it was handed. */
export async function exchange(server: ProofServer, client: Client, subjectToken: string, more: Form = {}) {
  return askToken(server, {
    grant_type: exchangeGrant,
    ...(await clientAssertion(server, client)),
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    ...more,
  })
}

export function tokenOf({ body }: OAuthAnswer): string {
  const { access_token: token } = body
  if (typeof token !== 'string') throw new Error(`no token: ${JSON.stringify(body)}`)
  return token
}

export function credentialIdOf(token: string): CredentialId {
  return String(decodeJwt(token).jti) as CredentialId
}

/** A resource server with nothing but jose and our metadata. */
export async function verify(
  server: ProofServer,
  token: string,
  audience: string,
  typ = 'at+jwt',
): Promise<JWTVerifyResult> {
  const metadata = (await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()) as {
    jwks_uri: string
    issuer: string
  }
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))
  return jwtVerify(token, keys, { typ, audience, issuer: metadata.issuer, currentDate: server.clock.now() })
}

/** What the status list says of a token: read and decoded as the draft says, by nothing of ours. */
export async function statusOf(server: ProofServer, token: string): Promise<number> {
  const { status } = decodeJwt(token) as { status?: { status_list?: { idx: number; uri: string } } }
  const { idx, uri } = status?.status_list ?? { idx: -1, uri: '' }
  const answer = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' } })
  const text = await answer.text()
  const keys = createRemoteJWKSet(new URL(`${server.url}/oauth/jwks`))
  const { payload } = await jwtVerify(text, keys, { typ: 'statuslist+jwt', currentDate: server.clock.now() })
  if (payload.sub !== uri) throw new Error(`the list is of ${payload.sub}, not of ${uri}`)
  const list = payload['status_list'] as { bits: number; lst: string }
  const bytes = inflateSync(Buffer.from(list.lst, 'base64url'))
  const byte = bytes[Math.floor((idx * list.bits) / 8)]
  if (byte === undefined) throw new Error(`the list does not reach to ${idx}`)
  return (byte >> ((idx * list.bits) % 8)) & (2 ** list.bits - 1)
}

/** Asked by a service of the same owner as the resource. */
export async function introspect(server: ProofServer, asker: Client, token: string): Promise<Record<string, unknown>> {
  const form = { token, ...(await clientAssertion(server, asker)) }
  return (await postForm(`${server.url}/oauth/introspect`, form)).body
}

export async function revokeBy(server: ProofServer, selector: Selector): Promise<void> {
  await server.change(({ tx, now }) =>
    requestRevocation(tx, {
      selector,
      cause: 'requested_by_operator',
      requestedBy: { kind: 'system', id: 'test' },
      now,
    }),
  )
}

/** A running instance of the client. */
export async function declareTask(server: ProofServer, client: Client, ...roles: string[]): Promise<TaskId> {
  const live = await findLiveToken(server.proof, await bearerToken(server, client))
  if (live === undefined) throw new Error('a token that was just given is not live')
  const { taskId } = await declareTaskAs(
    server.issue,
    { tenantId: defaultTenantId, actor: live.actor, requestId: 'test-request' },
    {
      kind: 'running_instance',
      identity: client.name,
      purpose: 'serves its callers',
      roles,
      deadline: new Date(server.clock.now().getTime() + 3_600_000),
    },
  )
  return taskId
}

/** Somebody of the owner's people, who proves herself by a key. */
export async function addAda(server: ProofServer): Promise<Client> {
  const key = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(key.publicKey)
  return server.change(async (change) => {
    const { row } = await registerBinding(change, { trustProvider: 'keys', person: 'ada@example.org', publicJwk })
    return { identityId: row.person_id ?? '', name: 'ada', bindingId: row.binding_id, key }
  })
}

/** Puts the default policies and more into force, as an administrator would. */
export async function activatePolicies(server: ProofServer, more: string): Promise<void> {
  const text = `${await readDefaultPolicy()}\n${more}`
  await server.change(async ({ tx, now }) => {
    const by = { kind: 'system', id: 'test' }
    await lockPolicyVersions(tx)
    const draft = await insertPolicyVersion(tx, {
      policyVersionId: newId<PolicyVersionId>(),
      text,
      digest: policyDigest(text),
      note: 'of a test',
      createdBy: by,
      createdAt: now,
    })
    const active = await findActivePolicyVersion(tx)
    if (active === undefined) throw new Error('no policy is in force')
    const superseded = await supersedePolicyVersion(tx, active.policy_version_id)
    const row = await markPolicyVersionActive(tx, draft.policy_version_id, by, now)
    await requestRedecision(tx, {
      selectorKind: 'policy',
      selectorId: `${superseded.policy_version_id}..${row.policy_version_id}`,
      why: 'a test has put another version into force',
      requestedBy: by,
      now,
    })
    await appendAudit(tx, {
      action: 'policy_version.activated',
      at: now,
      actor: by,
      rows: [row, superseded].map((one) => statedRow('policy_version', one)),
    })
  })
}

/** Whether the log explains every row. */
export async function verifyLog({ issue, keys }: ProofServer): Promise<StateReport> {
  const { database, clock } = issue
  const installation = await database.outsideTenants(findInstallation)
  const logs = createTenantLogs(keys, installation?.installation_id ?? '', database)
  const log = await database.transaction(defaultTenantId, (tx) => logs.open(tx))
  await sequenceLog({ database, clock, remembered: new Map() }, log, new AbortController().signal)
  const { signer, verifiers } = log
  return verifyState(database, { tenantId: defaultTenantId, origin: signer.name, verifiers, now: clock.now() })
}
