/**
 * The server's own X509-SVID: `spiffe://<trust domain>/mayfly/server`. No identity of the registry can have that ID, since
 * theirs have three segments.
 */
import { generateKeyPairSync } from 'node:crypto'
import { encodePem, MayflyError, newId, type SvidId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { keyIdOf, publicKeyInfoOf } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../../adapters/x509/sign-certificate.ts'
import { findActiveAuthority } from '../../store/authority-rows.ts'
import { insertServerSvid } from '../../store/svid-rows.ts'
import { findTrustDomain } from '../../store/tenant-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { Actor } from '../context.ts'
import { crlUrlOf, type SvidDeps } from './spiffe-deps.ts'

const server: Actor = { kind: 'system', worker: 'server-identity' }
const lifeSeconds = 86_400

export interface ServerSvid {
  /** PEM: the leaf, then what stands above it. */
  readonly certificate: string
  /** PEM, PKCS #8. In memory only: each process makes its own. */
  readonly privateKey: Secret
  readonly spiffeId: string
  readonly serialNumber: string
  readonly issuingKeyId: string
  readonly issuedAt: Date
  readonly expiresAt: Date
}

export interface ServerNames {
  readonly dns: readonly string[]
  readonly ip: readonly string[]
  readonly crl: boolean
}

export function serverSpiffeId(trustDomain: string): string {
  return `spiffe://${trustDomain}/mayfly/server`
}

/**
 * @param names what clients know the listeners by; `crl`: it names where its CRL is, which takes a public URL that is known
 * @throws MayflyError `key_unusable`: no authority is active
 */
export async function issueServerSvid(
  deps: Pick<SvidDeps, 'database' | 'clock' | 'authorities' | 'tenants' | 'trustDomain'>,
  tenantId: TenantId,
  names: ServerNames,
): Promise<ServerSvid> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const info = publicKeyInfoOf(publicKey)
  const now = deps.clock.now()
  const { authority, row } = await deps.database.transaction(tenantId, async (tx) => {
    const active = await findActiveAuthority(tx)
    if (active === undefined) throw new MayflyError('key_unusable', { log: 'no X.509 authority is active' })
    const expiresAt = new Date(Math.min(now.getTime() + lifeSeconds * 1000, active.not_after.getTime()))
    const row = await insertServerSvid(tx, {
      svid_id: newId<SvidId>(now.getTime()),
      serial_number: makeSerialNumber(),
      spiffe_id: serverSpiffeId(await findTrustDomain(tx, deps.trustDomain)),
      issuing_key_id: active.key_id,
      issued_at: now,
      expires_at: new Date(Math.floor(expiresAt.getTime() / 1000) * 1000),
    })
    await appendAudit(tx, {
      action: 'svid.issued_to_server',
      at: now,
      actor: server,
      rows: [statedRow('svid', row)],
      body: { serial_number: row.serial_number, dns_names: names.dns, ip_addresses: names.ip },
    })
    return { authority: await deps.authorities.open(tx, active), row }
  })
  const ttlSeconds = Math.floor(row.expires_at.getTime() / 1000) - Math.floor(now.getTime() / 1000)
  const { der } = authority.svid(
    {
      spiffeId: row.spiffe_id,
      publicKey: info,
      subjectKeyId: keyIdOf(info),
      serialNumber: row.serial_number,
      now,
      ttlSeconds,
      dnsNames: names.dns,
      ipAddresses: names.ip,
    },
    names.crl ? await crlUrlOf(deps, tenantId, authority.keyId) : undefined,
  )
  return {
    certificate: [der, ...authority.chain].map((each) => encodePem('CERTIFICATE', each)).join(''),
    privateKey: new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    spiffeId: row.spiffe_id,
    serialNumber: row.serial_number,
    issuingKeyId: row.issuing_key_id,
    issuedAt: now,
    expiresAt: row.expires_at,
  }
}
