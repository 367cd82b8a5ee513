/**
 * An authority that is signed elsewhere: the request for it goes out (PKCS #10), the certificate comes back. Between the
 * two nothing waits for it; from then on it is prepared, published and activated as every other.
 */
import {
  encodeCertificationRequest,
  encodePem,
  formatSpiffeId,
  isX509Fault,
  MayflyError,
  parsePublicKey,
  svidAuthorityName,
} from '@mayfly/domain'
import { x509SignerOfKey } from '@mayfly/provider-kit'
import {
  type AuthorityRow,
  type CertifiedAuthorityRow,
  lockAuthorities,
  prepareAuthorityRow,
  retireAuthority,
} from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'
import { lockKeys } from '../../store/key-rows.ts'
import { findTrustDomain } from '../../store/tenant-rows.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import type { Actor } from '../context.ts'
import { insertAuthorityKey } from './prepare-authority.ts'
import { tellAuthority } from './rotate-authority.ts'
import type { AuthorityKeyDeps } from './spiffe-deps.ts'
import { readPath, signedAuthorityFault } from './upstream-authority.ts'

interface AuthorityChange {
  readonly now: Date
  readonly actor: Actor
  readonly requestId: string
}

export interface RequestedAuthority {
  readonly authority: AuthorityRow
  /** PKCS #10, PEM. */
  readonly csr: string
  /** Null where the request had been made before: the same is shown again. */
  readonly receipt: AuditReceipt | null
}

/** @throws MayflyError `state_not_allowed`: another authority is prepared already */
export async function requestAuthority(
  deps: Pick<AuthorityKeyDeps, 'keys' | 'trustDomain' | 'authorities'>,
  tx: Tx,
  change: AuthorityChange,
): Promise<RequestedAuthority> {
  await lockKeys(tx)
  const rows = await lockAuthorities(tx)
  const prepared = rows.find((row) => row.state === 'prepared')
  if (prepared !== undefined) {
    throw new MayflyError('state_not_allowed', {
      publicDetail: `the authority \`${prepared.key_id}\` is prepared already`,
      hint: 'wait until it is active, then ask again',
    })
  }
  const trustDomain = await findTrustDomain(tx, deps.trustDomain)
  const before = rows.find((row) => row.state === 'requested')
  if (before !== undefined) {
    return { authority: before, csr: await requestText(deps, tx, before, trustDomain), receipt: null }
  }
  const { row } = await insertAuthorityKey(deps, tx, 'upstream_request', change.now)
  const receipt = await tellAuthority(tx, change, 'svid_authority.requested', [row])
  return { authority: row, csr: await requestText(deps, tx, row, trustDomain), receipt }
}

async function requestText(
  deps: Pick<AuthorityKeyDeps, 'authorities'>,
  tx: Tx,
  row: AuthorityRow,
  trustDomain: string,
): Promise<string> {
  const publicKey = parsePublicKey(row.public_key)
  if (isX509Fault(publicKey)) throw new MayflyError('key_unusable', { log: `the key of ${row.key_id} cannot be read` })
  const der = encodeCertificationRequest(x509SignerOfKey(await deps.authorities.openKey(tx, row)), {
    subject: svidAuthorityName(trustDomain, Buffer.from(row.key_id, 'hex')),
    publicKey,
    subjectAltName: { uri: [formatSpiffeId({ trustDomain, path: '' })] },
  })
  return encodePem('CERTIFICATE REQUEST', der)
}

/**
 * Takes the certificate that came back.
 *
 * @param certificates PEM: ours first, then the path to the root, which goes into the bundle
 * @throws MayflyError `state_not_allowed`: nothing was requested; `request_invalid`: not a certificate for the request
 */
export async function importAuthority(
  deps: Pick<AuthorityKeyDeps, 'trustDomain'>,
  tx: Tx,
  change: AuthorityChange,
  certificates: string,
): Promise<{ readonly authority: CertifiedAuthorityRow; readonly receipt: AuditReceipt }> {
  await lockKeys(tx)
  const requested = (await lockAuthorities(tx)).find((row) => row.state === 'requested')
  if (requested === undefined) {
    throw new MayflyError('state_not_allowed', {
      publicDetail: 'no authority waits for its certificate',
      hint: 'run `mayfly ca request` first',
    })
  }
  const path = readPath(certificates)
  if ('fault' in path) throw refused(path.fault)
  const fault = signedAuthorityFault(path, {
    spki: requested.public_key,
    trustDomain: await findTrustDomain(tx, deps.trustDomain),
    now: change.now,
  })
  if (fault !== undefined) throw refused(fault)
  const [own, ...above] = path.der
  const root = above.at(-1)
  if (root === undefined) throw refused('it has no path to a root')
  const ends = path.certificates.map((certificate) => certificate.notAfter.getTime())
  const authority = await prepareAuthorityRow(
    tx,
    requested.x509_authority_id,
    {
      certificate: Buffer.from(own),
      intermediates: above.slice(0, -1).map((each) => Buffer.from(each)),
      root: Buffer.from(root),
      not_before: path.certificates[0].notBefore,
      // Nothing is verified any more once one above it has ended.
      not_after: new Date(Math.min(...ends)),
    },
    change.now,
  )
  const receipt = await tellAuthority(tx, change, 'svid_authority.prepared', [authority])
  return { authority, receipt }
}

/** Gives a request up, so that another way can be gone. @throws MayflyError `state_not_allowed` */
export async function abandonAuthorityRequest(
  tx: Tx,
  change: AuthorityChange,
): Promise<{ readonly authority: AuthorityRow; readonly receipt: AuditReceipt }> {
  await lockKeys(tx)
  const requested = (await lockAuthorities(tx)).find((row) => row.state === 'requested')
  if (requested === undefined) {
    throw new MayflyError('state_not_allowed', { publicDetail: 'no authority waits for its certificate' })
  }
  const authority = await retireAuthority(tx, requested.x509_authority_id, change.now, change.now)
  return { authority, receipt: await tellAuthority(tx, change, 'svid_authority.abandoned', [authority]) }
}

function refused(fault: string): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: `the certificate is not usable: ${fault}`,
    fields: [{ pointer: '/certificates', detail: fault }],
  })
}
