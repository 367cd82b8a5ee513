/**
 * A small OIDC issuer on this machine, as a CI system has one: it signs a token for each job that says which repository
 * and branch it runs for. Mayfly fetches its keys over HTTP as it would anyone's.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface Issuer {
  readonly url: string
  /** A token that lives for two minutes. */
  sign(claims: { sub: string; aud: string } & Record<string, string>): Promise<string>
  close(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'demo-1', use: 'sig', alg: 'RS256' }
  const server: Server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration') {
      response.end(
        JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks`, id_token_signing_alg_values_supported: ['RS256'] }),
      )
    } else if (request.url === '/jwks') {
      response.end(JSON.stringify({ keys: [jwk] }))
    } else {
      response.statusCode = 404
      response.end('{}')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    sign: ({ sub, aud, ...claims }) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'demo-1', typ: 'JWT' })
        .setIssuer(url)
        .setSubject(sub)
        .setAudience(aud)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime('2m')
        .sign(privateKey),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
