/** SVIDs: issued to whoever has proven what it is, for itself or for what it vouched for as a host agent. */
import { type AttestationId, type IdentityId, isX509Fault, parsePemOf, type SvidId } from '@mayfly/domain'
import { z } from 'zod'
import { issueJwtSvid } from '../../application/spiffe/issue-jwt-svid.ts'
import { issueX509Svid, type X509SvidInput } from '../../application/spiffe/issue-x509-svid.ts'
import type { SvidDeps } from '../../application/spiffe/spiffe-deps.ts'
import { maxJwtTtlSeconds, maxX509TtlSeconds } from '../../application/spiffe/svid-life.ts'
import { listSvids, type SvidRow } from '../../store/svid-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import { readPage } from './pages.ts'
import { id, page, pageQuery, timestamp } from './wire.ts'

const base64 = (maxSizeBytes: number) =>
  z
    .string()
    .max(Math.ceil(maxSizeBytes / 3) * 4, { error: `larger than ${maxSizeBytes} bytes` })
    .regex(
      /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^[A-Za-z0-9+/]{2}==$|^[A-Za-z0-9+/]{3}=$/,
      {
        error: 'not standard base64 with padding',
      },
    )

const attestationId = id<AttestationId>()
  .optional()
  .meta({ description: 'A proof that the caller vouched for as a host agent; absent: its own' })

const ttlSeconds = (max: number, usual: string) =>
  z
    .int()
    .min(1)
    .max(max)
    .optional()
    .meta({ description: `The life asked for; less where policy or the proof end earlier. Absent: ${usual}` })

const pem = /^-----BEGIN /
const csr = z
  .string()
  .max(16_384)
  .transform((text, ctx): Uint8Array => {
    if (!pem.test(text)) {
      const parsed = base64(12_288).safeParse(text)
      if (parsed.success) return Buffer.from(text, 'base64')
      ctx.addIssue({ code: 'custom', message: 'neither PEM nor base64 of a request (PKCS #10)' })
      return z.NEVER
    }
    const read = parsePemOf('CERTIFICATE REQUEST', text, { maxSizeBytes: 16_384, maxBlocks: 1 })
    if (!isX509Fault(read) && read.ders[0] !== undefined) return read.ders[0]
    ctx.addIssue({ code: 'custom', message: isX509Fault(read) ? read.fault : 'it holds no request' })
    return z.NEVER
  })

const dnsName = z
  .string()
  .max(253)
  .regex(/^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/, { error: 'not a DNS name in lower case' })

const x509Body = z
  .strictObject({
    attestation_id: attestationId,
    public_key: base64(4_096).optional().meta({ description: 'SubjectPublicKeyInfo, DER, base64' }),
    csr: csr
      .optional()
      .meta({ description: 'PKCS #10, PEM or DER in base64: its key is certified, nothing else of it' }),
    make_key: z.literal(true).optional().meta({ description: 'Make the key here and send it once' }),
    ttl_seconds: ttlSeconds(maxX509TtlSeconds, 'an hour'),
    dns_names: z
      .array(dnsName)
      .max(16)
      .optional()
      .meta({ description: 'Of those that the attribute `dns_names` of the identity lists' }),
  })
  .refine((body) => [body.public_key, body.csr, body.make_key].filter((each) => each !== undefined).length === 1, {
    error: 'give exactly one of `public_key`, `csr` and `make_key`',
  })

const x509Svid = z
  .object({
    spiffe_id: z.string(),
    serial_number: z.string().meta({ description: 'Hexadecimal; names the SVID for its revocation' }),
    certificates: z.array(z.string()).meta({ description: 'DER, base64: the leaf first, then what stands above it' }),
    private_key: z.string().optional().meta({ description: 'PKCS #8, DER, base64; only where it was made here' }),
    not_before: timestamp,
    not_after: timestamp,
    hint: z.string(),
  })
  .meta({ id: 'X509Svid' })

const audience = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\p{Cc}\p{Z}](?:\P{Cc}*[^\p{Cc}\p{Z}])?$/u, { error: 'blank at an end, or holds control characters' })

const jwtSvid = z
  .object({
    spiffe_id: z.string(),
    token: z.string().meta({ description: 'A JWT-SVID, compact' }),
    issued_at: timestamp,
    expires_at: timestamp,
    hint: z.string(),
  })
  .meta({ id: 'JwtSvid' })

const svid = z
  .object({
    svid_id: id<SvidId>(),
    kind: z.enum(['x509', 'jwt']),
    serial_number: z.string(),
    identity_id: id<IdentityId>().nullable().meta({ description: "Null for the server's own" }),
    attestation_id: id<AttestationId>().nullable(),
    spiffe_id: z.string(),
    issuing_key_id: z.string(),
    issued_at: timestamp,
    expires_at: timestamp,
    state: z.enum(['live', 'revoked']),
    revoked_at: timestamp.nullable(),
    revocation_id: z.string().nullable(),
  })
  .meta({ id: 'Svid', description: 'An SVID that was signed; neither it nor its key is kept' })

const problems = ['resource_not_found', 'version_conflict', 'key_unusable'] as const

export const svidRoutes: readonly Route<SvidDeps>[] = [
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/svids/x509',
    name: 'issueX509Svid',
    summary: 'be issued an X509-SVID',
    description:
      'It ends with the proof at the latest; whoever asks again in time proves again first. Its end by revocation is on the CRL that it names.',
    action: 'svid.issue',
    status: 201,
    body: x509Body,
    changes: true,
    response: x509Svid,
    problems,
    handle: async (deps: SvidDeps, ctx, { body }) => {
      const issued = await issueX509Svid(deps, ctx, {
        attestationId: body.attestation_id,
        key: keyOf(body),
        ttlSeconds: body.ttl_seconds,
        dnsNames: body.dns_names,
      })
      return {
        spiffe_id: issued.spiffeId,
        serial_number: issued.serialNumber,
        certificates: issued.certificates.map((der) => Buffer.from(der).toString('base64')),
        ...(issued.privateKey === undefined ? {} : { private_key: issued.privateKey.reveal() }),
        not_before: issued.notBefore,
        not_after: issued.notAfter,
        hint: issued.hint,
        entry: issued.receipt,
      }
    },
  }),
  defineSelfGatedRoute({
    method: 'POST',
    path: '/v1/svids/jwt',
    name: 'issueJwtSvid',
    summary: 'be issued a JWT-SVID',
    description: 'For the audiences that are named, and no others. It is bound to nothing: whoever has it can use it.',
    action: 'svid.issue',
    status: 201,
    body: z.strictObject({
      attestation_id: attestationId,
      audiences: z
        .array(audience)
        .min(1, { error: 'name at least one audience' })
        .max(10)
        .refine((names) => new Set(names).size === names.length, { error: 'names one twice' }),
      ttl_seconds: ttlSeconds(maxJwtTtlSeconds, 'five minutes'),
    }),
    changes: true,
    response: jwtSvid,
    problems,
    handle: async (deps: SvidDeps, ctx, { body }) => {
      const issued = await issueJwtSvid(deps, ctx, {
        attestationId: body.attestation_id,
        audiences: body.audiences as [string, ...string[]],
        ttlSeconds: body.ttl_seconds,
      })
      return {
        spiffe_id: issued.spiffeId,
        token: issued.token.reveal(),
        issued_at: issued.issuedAt,
        expires_at: issued.expiresAt,
        hint: issued.hint,
        entry: issued.receipt,
      }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/svids',
    name: 'listSvids',
    summary: 'list SVIDs',
    action: 'svid.read',
    query: pageQuery.extend({
      identity: id<IdentityId>().optional(),
      kind: z.enum(['x509', 'jwt']).optional(),
      live: z.enum(['true', 'false']).optional().meta({ description: '`true`: neither ended nor revoked' }),
    }),
    resource: ({ query }) =>
      query.identity === undefined ? { type: 'Tenant' } : { type: 'Identity', id: query.identity },
    response: page(svid),
    problems: ['cursor_invalid'],
    handle: (deps: SvidDeps, _ctx, { query }, tx) => {
      const liveAt = query.live === 'true' ? deps.clock.now() : undefined
      return readPage(
        'svids',
        query,
        (rows) => listSvids(tx, { identityId: query.identity, kind: query.kind, liveAt }, rows),
        (row) => row.svid_id,
        svidWire,
      )
    },
  }),
]

function keyOf(body: z.output<typeof x509Body>): X509SvidInput['key'] {
  if (body.public_key !== undefined) return { from: 'public_key', spki: Buffer.from(body.public_key, 'base64') }
  return body.csr === undefined ? { from: 'made' } : { from: 'request', der: body.csr }
}

function svidWire(row: SvidRow): z.output<typeof svid> {
  const { tenant_id: _tenant, version: _version, decision_id: _decision, ...shown } = row
  return shown
}
