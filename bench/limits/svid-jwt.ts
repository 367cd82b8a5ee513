/** The limits of JWT-SVIDs. */
import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { openGroupedAppend } from './grouped-append.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** One core: raw verification of a proof and a raw signature, ES256 each, and nothing around them. @returns pairs a second */
export function measureRawPairs(count: number, signedSizeBytes: number): number {
  const data = Buffer.alloc(signedSizeBytes, 'a')
  const key = { key: ec.privateKey, dsaEncoding: 'ieee-p1363' as const }
  const publicKey = { key: createPublicKey(ec.privateKey), dsaEncoding: 'ieee-p1363' as const }
  const proof = sign('sha256', data, key)
  const startMs = performance.now()
  for (let at = 0; at < count; at += 1) {
    if (!verify('sha256', data, publicKey, proof)) throw new Error('a signature did not verify')
    sign('sha256', data, key)
  }
  return (count * 1_000) / (performance.now() - startMs)
}

/**
 * Over HTTP: bare Fastify, one verification of the bearer token, one signature, one narrow row in a durable insert shared
 * with the other requests. No liveness of the token, no decision, no row of the SVID, no entry, no promise.
 */
async function serve(url: string): Promise<void> {
  const append = await openGroupedAppend(url)

  const tokens = Array.from({ length: 50 }, (_, at) => signed({ typ: 'at+jwt' }, { sub: `service-${at}` }))
  const app = fastify({ logger: false })
  app.post('/svid', async (request, reply) => {
    const [head = '', body = '', signature = ''] = (request.headers.authorization ?? '').slice(7).split('.')
    const key = { key: ec.publicKey, dsaEncoding: 'ieee-p1363' as const }
    if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) {
      return reply.status(401).send()
    }
    const { sub } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { sub: string }
    const { audiences } = request.body as { audiences: string[] }
    const id = randomUUID()
    await append(id, Buffer.from(sub))
    const iat = Math.floor(Date.now() / 1000)
    return { token: signed({ typ: 'JWT' }, { sub, aud: audiences, iat, exp: iat + 300, jti: id }) }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  process.send?.({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/svid`, tokens })
  process.once('disconnect', () => process.exit(0))
}

function signed(header: object, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'ES256', kid: 'bench', ...header })}.${part(claims)}`
  const mac = sign('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${mac.toString('base64url')}`
}

const [, , url] = process.argv
// Forked with the address of a database; imported for the raw figure.
if (process.send !== undefined && url !== undefined) await serve(url)
