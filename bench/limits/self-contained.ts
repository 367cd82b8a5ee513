/**
 * The limits of what is signed and kept nowhere. A certificate: one that was made beforehand, with another serial number and
 * another key put in where they were, and a signature; the key is a fresh one, or one that is sent along and imported. A
 * token: its claims as JSON in base64url, and a signature. A list of certificates: a number drawn, the rows read by one query,
 * the entries written one after the other by a template, and one signature. A list of places: the rows read, set as bits and
 * compressed, and one signature. Nothing is checked.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { deflateSync } from 'node:zlib'

export interface RawAuthority {
  readonly key: KeyObject
  /** PEM: one that the authority has issued, for a key on P-256. */
  readonly sample: string
}

/** @returns certificates a second, each with a fresh key */
export function measureRawCertificates(authority: RawAuthority, count: number): number {
  const issue = rawIssuer(authority)
  const startMs = performance.now()
  let made = 0
  for (let at = 0; at < count; at += 1) {
    // As JWK: OpenSSL's encoders cost twice what making the key does.
    const {
      x = '',
      y = '',
      d = '',
    } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      format: 'jwk',
    })
    const point = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    const keyDer = Buffer.concat([privateBefore, Buffer.from(d, 'base64url'), privateBetween, point])
    made += issue(point).length + pem('PRIVATE KEY', keyDer).length
  }
  if (made === 0) throw new Error('nothing was made')
  return (count * 1_000) / (performance.now() - startMs)
}

/** @returns certificates a second, each for the key that was sent along */
export function measureRawCertificatesFor(authority: RawAuthority, publicKeyPem: string, count: number): number {
  const issue = rawIssuer(authority)
  const startMs = performance.now()
  let made = 0
  for (let at = 0; at < count; at += 1) {
    const der = Buffer.from(publicKeyPem.slice(27, -26), 'base64')
    createPublicKey({ key: der, format: 'der', type: 'spki' })
    made += issue(der.subarray(-64)).length
  }
  if (made === 0) throw new Error('nothing was made')
  return (count * 1_000) / (performance.now() - startMs)
}

const privateBefore = Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'hex')
const privateBetween = Buffer.from('a14403420004', 'hex')
const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex')

function rawIssuer({ key, sample }: RawAuthority): (point: Uint8Array) => string {
  const { raw, publicKey, serialNumber } = new X509Certificate(sample)
  // The outer sequence has a length of two bytes, and so has what is signed.
  const signed = Buffer.from(raw.subarray(4, 8 + raw.readUInt16BE(6)))
  const serialAt = signed.indexOf(Buffer.from(serialNumber, 'hex'))
  const pointAt = signed.indexOf(publicKey.export({ format: 'der', type: 'spki' }).subarray(-64))
  if (serialAt < 0 || pointAt < 0) throw new Error('the sample is not as it is thought to be')
  return (point) => {
    signed.set(randomBytes(15), serialAt + 1)
    signed.set(point, pointAt)
    const signature = sign('sha256', signed, key)
    const bits = Buffer.concat([Buffer.of(0x03, signature.length + 1, 0), signature])
    const length = signed.length + algorithm.length + bits.length
    return pem(
      'CERTIFICATE',
      Buffer.concat([Buffer.of(0x30, 0x82, length >> 8, length & 0xff), signed, algorithm, bits]),
    )
  }
}

function pem(label: string, der: Buffer): string {
  const text = der.toString('base64')
  let lines = ''
  for (let at = 0; at < text.length; at += 64) lines += `${text.slice(at, at + 64)}\n`
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`
}

/** @returns tokens a second */
export function measureRawTokens(key: KeyObject, claims: () => object, count: number): number {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const startMs = performance.now()
  let made = 0
  for (let at = 0; at < count; at += 1) {
    const text = `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'key' })}.${encode(claims())}`
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    made += `${text}.${signature.toString('base64url')}`.length
  }
  if (made === 0) throw new Error('nothing was made')
  return (count * 1_000) / (performance.now() - startMs)
}

/** One query on a connection that is open and set up. */
export type RawQuery = (statement: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

/**
 * A number is drawn: RFC 5280 section 5.2.3 wants one that grows. Of each entry serial number, time and reason are its row's.
 *
 * @returns milliseconds
 */
export async function measureRawCrl(query: RawQuery, resourceId: string, authority: KeyObject): Promise<number> {
  const startMs = performance.now()
  await query(
    `insert into published_list (resource_id, number) values ($1, 1)
    on conflict (resource_id, tenant_id) do update set number = published_list.number + 1`,
    [resourceId],
  )
  const rows = await query(
    `select c.credential_id, to_char(c.revoking_at at time zone 'UTC', 'YYMMDDHH24MISS"Z"') as ended_at, r.cause
    from credential c join revocation r on r.revocation_id = c.revocation_id
    where c.resource_id = $1 and c.revoking_at is not null and c.revoking_at < c.expires_at`,
    [resourceId],
  )
  const before = Buffer.from('302f0210', 'hex')
  const between = Buffer.from('170d', 'hex')
  const after = Buffer.from('300c300a0603551d1504030a0104', 'hex')
  const size = before.length + 16 + between.length + 13 + after.length
  const body = Buffer.alloc(300 + rows.length * size)
  rows.forEach((row, at) => {
    let from = 300 + at * size
    from += before.copy(body, from)
    from += body.write(String(row['credential_id']).replaceAll('-', ''), from, 'hex')
    from += between.copy(body, from)
    from += body.write(String(row['ended_at']), from, 'latin1')
    after.copy(body, from)
    if (row['cause'] !== 'requested_by_operator') body[from + after.length - 1] = 1
  })
  const list = Buffer.concat([body, sign('sha256', body, authority)])
  if (list.length < rows.length * 16 || rows.length === 0) throw new Error('nothing was made')
  return performance.now() - startMs
}

/** @returns milliseconds */
export async function measureRawStatusList(
  query: RawQuery,
  listId: string,
  size: number,
  key: KeyObject,
): Promise<number> {
  const startMs = performance.now()
  const rows = await query(
    'select status_index from credential where status_list_id = $1 and revoking_at < expires_at',
    [listId],
  )
  const bits = Buffer.alloc(size / 8)
  for (const row of rows) {
    const index = Number(row['status_index'])
    bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (1 << (index & 7))
  }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const lst = deflateSync(bits, { level: 9 }).toString('base64url')
  const text = `${encode({ alg: 'ES256', typ: 'statuslist+jwt' })}.${encode({ sub: listId, status_list: { bits: 1, lst } })}`
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  if (rows.length === 0 || signature.length === 0) throw new Error('nothing was made')
  return performance.now() - startMs
}
