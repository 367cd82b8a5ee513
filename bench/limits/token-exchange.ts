/**
 * The limit of exchanging tokens: bare Fastify, two verifications, one Cedar answer over ten parsed policies, one signature,
 * and one narrow row in a durable insert shared with the other requests. No registry, no liveness of either token, no second
 * and third question, no decision record, no status list, no audit entry. A process of its own.
 */
import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { fastify } from 'fastify'
import { openGroupedAppend } from './grouped-append.ts'
import { policyText } from '../token-exchange/workload.ts'

const [url = ''] = process.argv.slice(2)
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const tenPolicies = policyText.split('\n\n').slice(0, 10).join('\n\n')
cedar.preparsePolicySet('bench', { staticPolicies: tenPolicies })

const append = await openGroupedAppend(url)

function signed(claims: object, key: KeyObject): string {
  const text = `${part({ alg: 'ES256', typ: 'at+jwt' })}.${part(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

function verified(token: string): { readonly sub: string } {
  const [head = '', body = '', signature = ''] = token.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const }
  if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) {
    throw new Error('the signature does not fit')
  }
  return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { sub: string }
}

const app = fastify({ logger: false })
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
  done(null, new URLSearchParams(body as string)),
)
app.get('/tokens', async (_request, reply) => {
  const tokens = Array.from({ length: 100 }, (_, at) => signed({ sub: `service-${at}`, jti: randomUUID() }, privateKey))
  return reply.type('application/json').send(JSON.stringify(tokens))
})
app.post('/token', async (request, reply) => {
  const form = request.body as URLSearchParams
  const subject = verified(form.get('subject_token') ?? '')
  const actor = verified(form.get('actor_token') ?? '')
  const principal = { type: 'Identity', id: actor.sub }
  const resource = { type: 'Role', id: 'stock-api/reader' }
  const owner = { type: 'Owner', id: 'bench-team' }
  const answer = cedar.statefulIsAuthorized({
    principal,
    action: { type: 'Action', id: 'credential.issue' },
    resource,
    context: {
      now: { __extn: { fn: 'datetime', arg: new Date().toISOString() } },
      attestation: { age_seconds: 0, strength: 'platform', strength_rank: 2 },
      source_address: { __extn: { fn: 'ip', arg: '127.0.0.1' } },
      risk: 0,
      chain_length: 1,
      delivery: 'direct',
    },
    preparsedPolicySetId: 'bench',
    validateRequest: false,
    entities: [
      {
        uid: principal,
        attrs: { kind: 'service', environment: 'development', owner: { __entity: owner } },
        parents: [owner],
      },
      { uid: resource, attrs: {}, parents: [] },
      { uid: owner, attrs: {}, parents: [] },
    ],
  })
  if (answer.type !== 'success' || answer.response.decision !== 'allow') return reply.status(403).send()
  const id = randomUUID()
  const iat = Math.floor(Date.now() / 1000)
  const text = `${part({ alg: 'ES256', typ: 'at+jwt' })}.${part({ sub: subject.sub, act: { sub: actor.sub }, iat, exp: iat + 300, jti: id })}`
  await append(id, Buffer.from(text))
  const mac = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return reply
    .type('application/json')
    .send(
      JSON.stringify({ access_token: `${text}.${mac.toString('base64url')}`, token_type: 'Bearer', expires_in: 300 }),
    )
})

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/token` })
process.once('disconnect', () => process.exit(0))
