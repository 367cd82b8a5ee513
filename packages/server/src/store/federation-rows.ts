/** The SQL of other trust domains: whose bundles are believed, what they published last, and when to ask again. */
import type { FederationId } from '@mayfly/domain'
import { type Selectable, sql } from 'kysely'
import type { Tx } from './database.ts'
import { orNameTaken, orNotFound } from './registry-errors.ts'
import type { FederatedBundleTable, FederationPollTable } from './schema.gen.ts'

export type FederationProfile = 'https_web' | 'https_spiffe'
interface Words {
  profile: FederationProfile
  state: 'active' | 'retired'
}
export type FederationRow = Omit<Selectable<FederatedBundleTable>, keyof Words> & Readonly<Words>
export type FederationPollRow = Selectable<FederationPollTable>
export type FederationWithPoll = FederationRow & Pick<FederationPollRow, 'next_at' | 'answered_at' | 'last_error'>

export interface NewFederation {
  readonly federation_id: FederationId
  readonly trust_domain: string
  readonly url: string
  readonly profile: FederationProfile
  readonly endpoint_spiffe_id: string | null
  readonly ca_pem: string | null
  readonly keys: string | null
  readonly bundle_sequence: number | null
  readonly refresh_hint_seconds: number | null
  readonly created_at: Date
}

/** Asked for the first time at once. */
export async function insertFederation(tx: Tx, row: NewFederation): Promise<FederationRow> {
  const made = await orNameTaken(
    tx.query.insertInto('federated_bundle').values(row).returningAll().$narrowType<Words>().executeTakeFirstOrThrow(),
    {
      federated_bundle_domain: {
        pointer: '/trust_domain',
        detail: `the trust domain \`${row.trust_domain}\` is federated with already`,
      },
    },
  )
  await tx.query
    .insertInto('federation_poll')
    .values({ federation_id: row.federation_id, next_at: row.created_at })
    .execute()
  return made
}

export async function listFederations(tx: Tx): Promise<readonly FederationWithPoll[]> {
  return withPoll(tx).where('f.state', '=', 'active').orderBy('f.trust_domain').limit(1_000).execute()
}

export async function findFederation(tx: Tx, trustDomain: string): Promise<FederationWithPoll | undefined> {
  return withPoll(tx).where('f.state', '=', 'active').where('f.trust_domain', '=', trustDomain).executeTakeFirst()
}

/** @throws MayflyError `resource_not_found` */
export async function getFederation(tx: Tx, trustDomain: string): Promise<FederationWithPoll> {
  return orNotFound('federation with', trustDomain, await findFederation(tx, trustDomain))
}

function withPoll(tx: Tx) {
  return tx.query
    .selectFrom('federated_bundle as f')
    .innerJoin('federation_poll as p', 'p.federation_id', 'f.federation_id')
    .selectAll('f')
    .select(['p.next_at', 'p.answered_at', 'p.last_error'])
    .$narrowType<Words>()
}

/** Locked, so that of two bundles that came at once the older does not follow the newer. */
export async function lockFederation(tx: Tx, federationId: FederationId): Promise<FederationRow | undefined> {
  return tx.query
    .selectFrom('federated_bundle')
    .selectAll()
    .$narrowType<Words>()
    .where('federation_id', '=', federationId)
    .where('state', '=', 'active')
    .forUpdate()
    .executeTakeFirst()
}

export async function storeFederatedBundle(
  tx: Tx,
  federationId: FederationId,
  bundle: {
    readonly keys: string
    readonly bundle_sequence: number | null
    readonly refresh_hint_seconds: number | null
  },
): Promise<FederationRow> {
  return tx.query
    .updateTable('federated_bundle')
    .set(bundle)
    .where('federation_id', '=', federationId)
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

export async function retireFederation(tx: Tx, federationId: FederationId): Promise<FederationRow> {
  return tx.query
    .updateTable('federated_bundle')
    .set({ state: 'retired' })
    .where('federation_id', '=', federationId)
    .where('state', '=', 'active')
    .returningAll()
    .$narrowType<Words>()
    .executeTakeFirstOrThrow()
}

/**
 * Takes one that is due, and puts its next time ahead: whoever asks and dies leaves it to be asked again then, and two
 * servers do not ask at once.
 */
export async function claimDueFederation(tx: Tx, now: Date, nextAt: Date): Promise<FederationRow | undefined> {
  const { rows } = await sql<FederationRow>`
    with due as materialized (
      select p.federation_id from federation_poll p join federated_bundle f using (federation_id)
      where p.next_at <= ${now} and f.state = 'active'
      order by p.next_at limit 1 for update of p skip locked
    ), claimed as (
      update federation_poll p set next_at = ${nextAt}, asked_at = ${now} from due d
      where p.federation_id = d.federation_id
    )
    select f.* from federated_bundle f join due using (federation_id)`.execute(tx.query)
  return rows[0]
}

export async function recordPoll(
  tx: Tx,
  federationId: FederationId,
  poll: { readonly next_at: Date; readonly answered_at?: Date; readonly last_error: string | null },
): Promise<void> {
  await tx.query.updateTable('federation_poll').set(poll).where('federation_id', '=', federationId).execute()
}

/** Has it asked for at once. */
export async function hastenPoll(tx: Tx, federationId: FederationId, now: Date): Promise<void> {
  await tx.query
    .updateTable('federation_poll')
    .set({ next_at: now })
    .where('federation_id', '=', federationId)
    .execute()
}
