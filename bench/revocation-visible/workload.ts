/** Who there is: a holder, whose authority is ended again and again, a service that asks about it, and a host agent. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Agent } from 'node:http'
import { makeClientAssertion } from '@mayfly/client'
import { getToken } from '../token-exchange/post-form.ts'

export const audience = 'https://stock.bench.example'
export const selector = `unix:uid:${process.getuid?.()}`

export interface Workload {
  readonly name: string
  readonly privateKey: KeyObject
}

export interface Workloads {
  readonly holder: Workload
  readonly asker: Workload
  readonly host: Workload
}

export async function proveAt(agent: Agent, url: string, { name, privateKey }: Workload): Promise<string> {
  return getToken(agent, url, {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: makeClientAssertion({ baseUrl: url, clientId: name, privateKey }, new Date()),
  })
}

export async function postJson<T>(url: string, token: string | undefined, body: object): Promise<T> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
  return (await answer.json()) as T
}

/** As the first administrator would, by the API. */
export async function register(agent: Agent, url: string, bootstrapFile: string): Promise<Workloads> {
  const admin = makeKey('admin')
  const { person_id: adminId } = await postJson<{ person_id: string }>(`${url}/v1/bootstrap`, undefined, {
    secret: (await readFile(bootstrapFile, 'utf8')).trim(),
    public_jwk: admin.publicJwk,
    name: 'Ada Lovelace',
    email: 'ada@bench.example',
  })
  const token = await proveAt(agent, url, { ...admin, name: adminId })
  const add = (what: string, body: object) => postJson(`${url}/v1/${what}`, token, body)
  await add('owners', { name: 'bench-team', contact: '#bench', primary: adminId })
  await add('trust-providers', {
    name: 'keys',
    kind: 'bound_key',
    settings: {},
    strength: 'bound_key',
    fresh_for_seconds: 86_400,
  })
  const workloads = { holder: makeKey('holder'), asker: makeKey('asker'), host: makeKey('host') }
  for (const { name, publicJwk } of Object.values(workloads)) {
    await add('identities', {
      name,
      kind: 'service',
      owner: 'bench-team',
      purpose: 'is ended again and again, or asks about it',
      environment: 'development',
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    })
    await add('bindings', { trust_provider: 'keys', identity: name, public_jwk: publicJwk })
  }
  const agents = { agents: ['host'] }
  await add('trust-providers', { name: 'hosts', kind: 'host_agent', settings: agents, fresh_for_seconds: 3_600 })
  await add('bindings', { trust_provider: 'hosts', identity: 'holder', subject: selector })
  await add('resources', {
    name: 'stock-api',
    provider: 'jwt',
    environment: 'development',
    reach: 'data',
    data_class: 'internal',
    exposure: 'internal',
    owner: 'bench-team',
    settings: { audience: [audience] },
    secret: {},
  })
  await add('roles', {
    resource: 'stock-api',
    name: 'reader',
    permission: { scopes: ['stock:read'] },
    max_live_per_identity: 100_000,
  })
  return workloads
}

function makeKey(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { name, privateKey, publicJwk: publicKey.export({ format: 'jwk' }) }
}
