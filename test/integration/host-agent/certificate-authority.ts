/**
 * A certificate authority of a trust domain, made with node:crypto alone.
 * X.509 version 3 (RFC 5280 section 4.1), ECDSA P-256 with SHA-256, DER by hand (ITU-T X.690).
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { exportJWK, type JWK, SignJWT } from 'jose'

export interface CertificateAuthority {
  readonly trustDomain: string
  /** DER. */
  readonly certificate: Buffer
  readonly jwtKey: JWK
  /** @param spkiDer the public key of the workload */
  issue(spkiDer: Buffer, spiffeId: string, ttlSeconds: number): { leaf: Buffer; notBefore: Date; notAfter: Date }
  /** @param more replaces what would stand in header and claims */
  sign(
    claims: { readonly sub: string; readonly aud: readonly string[] },
    ttlSeconds: number,
    more?: { readonly header?: Record<string, unknown>; readonly claims?: Record<string, unknown> },
  ): Promise<{ token: string; issuedAt: Date; expiresAt: Date }>
}

const dayMs = 86_400_000

export async function makeCertificateAuthority(trustDomain: string): Promise<CertificateAuthority> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = distinguishedName(`${trustDomain} ${randomBytes(4).toString('hex')}`)
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' })
  const root = certificate(keys.privateKey, {
    issuer: name,
    subject: name,
    spki,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    extensions: [
      extension([2, 5, 29, 19], true, sequence(tlv(0x01, Buffer.from([0xff])))),
      extension([2, 5, 29, 15], true, tlv(0x03, Buffer.from([1, 0b0000_0110]))),
      extension([2, 5, 29, 17], false, sequence(tlv(0x86, Buffer.from(`spiffe://${trustDomain}`)))),
      extension([2, 5, 29, 14], false, tlv(0x04, keyIdentifier(spki))),
    ],
  })
  const jwt = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomBytes(8).toString('hex')
  return {
    trustDomain,
    certificate: root,
    jwtKey: { ...(await exportJWK(jwt.publicKey)), kid, use: 'jwt-svid' },
    issue(spkiDer, spiffeId, ttlSeconds) {
      // Certificates know whole seconds.
      const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000)
      const notAfter = new Date(notBefore.getTime() + ttlSeconds * 1000)
      const leaf = certificate(keys.privateKey, {
        issuer: name,
        subject: distinguishedName('workload'),
        spki: spkiDer,
        notBefore,
        notAfter,
        extensions: [
          extension([2, 5, 29, 19], true, sequence()),
          extension([2, 5, 29, 15], true, tlv(0x03, Buffer.from([7, 0b1000_0000]))),
          extension(
            [2, 5, 29, 37],
            false,
            sequence(oid([1, 3, 6, 1, 5, 5, 7, 3, 1]), oid([1, 3, 6, 1, 5, 5, 7, 3, 2])),
          ),
          extension([2, 5, 29, 17], false, sequence(tlv(0x86, Buffer.from(spiffeId)))),
          extension([2, 5, 29, 14], false, tlv(0x04, keyIdentifier(spkiDer))),
          extension([2, 5, 29, 35], false, sequence(tlv(0x80, keyIdentifier(spki)))),
        ],
      })
      return { leaf, notBefore, notAfter }
    },
    async sign({ sub, aud }, ttlSeconds, { header = {}, claims = {} } = {}) {
      const issuedAt = new Date(Math.floor(Date.now() / 1000) * 1000)
      const expiresAt = new Date(issuedAt.getTime() + ttlSeconds * 1000)
      const body = { sub, aud: [...aud], jti: randomBytes(8).toString('hex'), ...claims }
      const token = await new SignJWT(body)
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT', ...header })
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(jwt.privateKey)
      return { token, issuedAt, expiresAt }
    },
  }
}

interface CertificateContent {
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly spki: Buffer
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly Buffer[]
}

function certificate(issuerKey: KeyObject, content: CertificateContent): Buffer {
  const algorithm = sequence(oid([1, 2, 840, 10045, 4, 3, 2]))
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)])
  const toSign = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    algorithm,
    content.issuer,
    sequence(time(content.notBefore), time(content.notAfter)),
    content.subject,
    content.spki,
    tlv(0xa3, sequence(...content.extensions)),
  )
  return sequence(toSign, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', toSign, issuerKey)])))
}

function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha1').update(spki).digest()
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid([2, 5, 4, 3]), tlv(0x0c, Buffer.from(commonName)))))
}

function extension(id: readonly number[], critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value))
}

/** GeneralizedTime would do after 2049 only. */
function time(at: Date): Buffer {
  return tlv(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
}

function oid([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const septets = [part & 0x7f]
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80)
    bytes.push(...septets)
  }
  return tlv(0x06, Buffer.from(bytes))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
