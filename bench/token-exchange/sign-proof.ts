import { randomUUID, sign } from 'node:crypto'
import { audience, issuer, type IssuerKey, keyId } from '../issue-token/workload.ts'

/** A token of the platform that both sides believe, for one workload. */
export function signProof({ privateKey }: IssuerKey, subject: string): string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, sub: subject, aud: audience, iat, exp: iat + 600, jti: randomUUID() }
  const text = `${encode({ alg: 'ES256', typ: 'JWT', kid: keyId })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
