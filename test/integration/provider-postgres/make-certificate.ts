/**
 * A CA and one server certificate, made with node:crypto alone: the machine that runs the tests need not have openssl.
 * X.509 version 3 (RFC 5280 section 4.1), ECDSA P-256 with SHA-256, DER by hand (ITU-T X.690).
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface CertificateFiles {
  readonly caPem: string
  readonly certificatePem: string
  readonly keyPem: string
}

/** @param name what the certificate is for: an IPv4 address or a DNS name */
export function makeCertificate(name: string): CertificateFiles {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const caName = distinguishedName(`test CA ${randomBytes(4).toString('hex')}`)
  const isAddress = /^[0-9.]+$/.test(name)
  const alternative = isAddress
    ? tlv(0x87, Buffer.from(name.split('.').map(Number)))
    : tlv(0x82, Buffer.from(name, 'ascii'))
  const caDer = certificate(caName, caName, ca.publicKey, ca.privateKey, [
    extension([2, 5, 29, 19], true, sequence(boolean(true))),
    extension([2, 5, 29, 15], true, tlv(0x03, Buffer.from([1, 0b0000_0110]))),
  ])
  const serverDer = certificate(caName, distinguishedName('target'), server.publicKey, ca.privateKey, [
    extension([2, 5, 29, 17], false, sequence(alternative)),
  ])
  return {
    caPem: pem(caDer),
    certificatePem: pem(serverDer),
    keyPem: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function certificate(
  issuer: Buffer,
  subject: Buffer,
  subjectKey: KeyObject,
  issuerKey: KeyObject,
  extensions: Buffer[],
) {
  const algorithm = sequence(objectId([1, 2, 840, 10045, 4, 3, 2]))
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    issuer,
    sequence(utcTime(Date.now() - 3_600_000), utcTime(Date.now() + 86_400_000)),
    subject,
    subjectKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  )
  return sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, issuerKey)])))
}

function tlv(tag: number, value: Buffer): Buffer {
  const length =
    value.length < 0x80
      ? [value.length]
      : value.length < 0x100
        ? [0x81, value.length]
        : [0x82, value.length >> 8, value.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), value])
}

const sequence = (...parts: Buffer[]) => tlv(0x30, Buffer.concat(parts))
const integer = (value: Buffer) => tlv(0x02, value)
const boolean = (value: boolean) => tlv(0x01, Buffer.from([value ? 0xff : 0]))

function objectId(arcs: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = arcs
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 0x7f]
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return tlv(0x06, Buffer.from(bytes))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(objectId([2, 5, 4, 3]), tlv(0x0c, Buffer.from(commonName)))))
}

function extension(arcs: readonly number[], critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(arcs), ...(critical ? [boolean(true)] : []), tlv(0x04, value))
}

function utcTime(ms: number): Buffer {
  return tlv(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
}

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`
}
