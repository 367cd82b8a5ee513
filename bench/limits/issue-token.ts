/**
 * The limit of giving tokens: bare Fastify, one verification, one Cedar answer over ten parsed policies, one signature,
 * and one narrow row in a durable insert shared with the other requests; with a proof of possession one verification and
 * one row more. No registry, no replay, no attestation, no
 * decision record, no audit entry: nothing that could be left out is in here. A process of its own.
 */
import { createPublicKey, generateKeyPairSync, type JsonWebKey, randomUUID, sign, verify } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { fastify } from 'fastify'
import { openGroupedAppend } from './grouped-append.ts'
import { policyText } from '../issue-token/workload.ts'

const [url = '', publicJwk = '{}'] = process.argv.slice(2)
const issuerKey = createPublicKey({ key: JSON.parse(publicJwk) as JsonWebKey, format: 'jwk' })
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const tenPolicies = policyText.split('\n\n').slice(0, 10).join('\n\n')
cedar.preparsePolicySet('bench', { staticPolicies: tenPolicies })

const append = await openGroupedAppend(url)

const app = fastify({ logger: false })
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
  done(null, new URLSearchParams(body as string)),
)
app.post('/token', async (request, reply) => {
  const token = (request.body as URLSearchParams).get('assertion') ?? ''
  const [head = '', body = '', signature = ''] = token.split('.')
  const signedText = Buffer.from(`${head}.${body}`)
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { sub: string }
  const key = { key: issuerKey, dsaEncoding: 'ieee-p1363' as const }
  if (!verify('sha256', signedText, key, Buffer.from(signature, 'base64url'))) return reply.status(400).send()
  const proof = request.headers['dpop']
  const bound = typeof proof === 'string' ? await acceptPossession(proof) : undefined
  if (bound === false) return reply.status(400).send()
  const principal = { type: 'Identity', id: claims.sub }
  const resource = { type: 'TrustProvider', id: 'builds' }
  const owner = { type: 'Owner', id: 'bench-team' }
  const answer = cedar.statefulIsAuthorized({
    principal,
    action: { type: 'Action', id: 'token.issue' },
    resource,
    context: {
      now: { __extn: { fn: 'datetime', arg: new Date().toISOString() } },
      attestation: {
        age_seconds: 0,
        strength: 'platform',
        strength_rank: 2,
        trust_provider: { __entity: resource },
      },
      source_address: { __extn: { fn: 'ip', arg: '127.0.0.1' } },
      risk: 0,
      chain_length: 0,
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
  const text = `${part({ alg: 'ES256', typ: 'at+jwt' })}.${part({ sub: claims.sub, iat, exp: iat + 300, jti: id })}`
  await append(id, Buffer.from(text))
  const mac = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return reply
    .type('application/json')
    .send(
      JSON.stringify({ access_token: `${text}.${mac.toString('base64url')}`, token_type: 'Bearer', expires_in: 300 }),
    )
})

/** A proof of possession: one more verification by the key that it brings, and one more narrow row. */
async function acceptPossession(proof: string): Promise<boolean> {
  const [head = '', body = '', signature = ''] = proof.split('.')
  const { jwk } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as { jwk: JsonWebKey }
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
  if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return false
  await append(randomUUID(), Buffer.from(body))
  return true
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/token` })
process.once('disconnect', () => process.exit(0))
