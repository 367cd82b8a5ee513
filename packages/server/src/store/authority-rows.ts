/** The SQL of the authorities that sign X509-SVIDs. The private half in these rows is sealed. */
import { MayflyError, type X509AuthorityId } from '@mayfly/domain'
import type { Selectable } from 'kysely'
import type { Tx } from './database.ts'
import type { X509AuthorityTable } from './schema.gen.ts'

export type AuthorityState = 'requested' | 'prepared' | 'active' | 'retired'
export type AuthoritySigner = 'itself' | 'upstream_file' | 'upstream_request'
interface Words {
  state: AuthorityState
  signed_by: AuthoritySigner
}
/** The check constraints hold the words to their closed sets. */
export type AuthorityRow = Omit<Selectable<X509AuthorityTable>, keyof Words> & Readonly<Words>

/** An authority that has its certificate. */
export type CertifiedAuthorityRow = AuthorityRow & {
  readonly certificate: Buffer
  readonly root: Buffer
  readonly not_before: Date
  readonly not_after: Date
}

export interface AuthorityCertificate {
  readonly certificate: Buffer
  readonly intermediates: Buffer[]
  readonly root: Buffer
  readonly not_before: Date
  readonly not_after: Date
}

export interface NewAuthority {
  readonly x509_authority_id: X509AuthorityId
  readonly key_id: string
  readonly public_key: Buffer
  readonly signed_by: AuthoritySigner
  readonly sealed_private: string
  readonly requested_at: Date
}

export async function listAuthorities(tx: Tx): Promise<readonly AuthorityRow[]> {
  return tx.query
    .selectFrom('x509_authority')
    .selectAll()
    .$narrowType<Words>()
    .orderBy('requested_at', 'desc')
    .limit(1_000)
    .execute()
}

/** Those whose SVIDs are believed: prepared, active, and retired ones until the last SVID under them has ended. */
export async function listTrustedAuthorities(tx: Tx, now: Date): Promise<readonly CertifiedAuthorityRow[]> {
  const rows = await tx.query
    .selectFrom('x509_authority')
    .selectAll()
    .$narrowType<Words>()
    .where('certificate', 'is not', null)
    .where('not_after', '>', now)
    .where((where) =>
      where.or([
        where('state', 'in', ['prepared', 'active']),
        where.and([where('state', '=', 'retired'), where('trusted_until', '>', now)]),
      ]),
    )
    .orderBy('key_id')
    .execute()
  return rows.filter(isCertified)
}

export async function findActiveAuthority(tx: Tx): Promise<CertifiedAuthorityRow | undefined> {
  const row = await tx.query
    .selectFrom('x509_authority')
    .selectAll()
    .$narrowType<Words>()
    .where('state', '=', 'active')
    .executeTakeFirst()
  return row !== undefined && isCertified(row) ? row : undefined
}

export async function findAuthorityByKeyId(tx: Tx, keyId: string): Promise<CertifiedAuthorityRow | undefined> {
  const row = await tx.query
    .selectFrom('x509_authority')
    .selectAll()
    .$narrowType<Words>()
    .where('key_id', '=', keyId)
    .executeTakeFirst()
  return row !== undefined && isCertified(row) ? row : undefined
}

/** All that are not retired, oldest first, locked: of two rotations at once one waits. */
export async function lockAuthorities(tx: Tx): Promise<readonly AuthorityRow[]> {
  return tx.query
    .selectFrom('x509_authority')
    .selectAll()
    .$narrowType<Words>()
    .where('state', '<>', 'retired')
    .orderBy('requested_at')
    .forUpdate()
    .execute()
}

/** One that waits for its certificate. */
export async function insertAuthority(tx: Tx, row: NewAuthority): Promise<AuthorityRow> {
  return tx.query
    .insertInto('x509_authority')
    .values({ ...row, state: 'requested' })
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

export async function prepareAuthorityRow(
  tx: Tx,
  authorityId: X509AuthorityId,
  certificate: AuthorityCertificate,
  now: Date,
): Promise<CertifiedAuthorityRow> {
  const row = await tx.query
    .updateTable('x509_authority')
    .set({ ...certificate, state: 'prepared', prepared_at: now })
    .where('x509_authority_id', '=', authorityId)
    .where('state', '=', 'requested')
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
  return requireCertified(row)
}

export async function activateAuthority(tx: Tx, id: X509AuthorityId, now: Date): Promise<CertifiedAuthorityRow> {
  const row = await tx.query
    .updateTable('x509_authority')
    .set({ state: 'active', activated_at: now })
    .where('x509_authority_id', '=', id)
    .where('state', '=', 'prepared')
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
  return requireCertified(row)
}

export async function retireAuthority(
  tx: Tx,
  id: X509AuthorityId,
  now: Date,
  trustedUntil: Date,
): Promise<AuthorityRow> {
  return tx.query
    .updateTable('x509_authority')
    .set({ state: 'retired', retired_at: now, trusted_until: trustedUntil })
    .where('x509_authority_id', '=', id)
    .where('state', '<>', 'retired')
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

function isCertified(row: AuthorityRow): row is CertifiedAuthorityRow {
  return row.certificate !== null && row.root !== null && row.not_before !== null && row.not_after !== null
}

function requireCertified(row: AuthorityRow): CertifiedAuthorityRow {
  if (isCertified(row)) return row
  throw new MayflyError('internal', { log: `authority ${row.key_id} has no certificate` })
}
