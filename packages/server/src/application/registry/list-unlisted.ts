import type { JsonObject, ManifestSection } from '@mayfly/domain'
import { expandManifest } from '@mayfly/domain'
import { sql } from 'kysely'
import type { Tx } from '../../store/database.ts'

export interface Unlisted {
  readonly section: ManifestSection
  readonly name: string
}

const maxListed = 1_000

/**
 * What is registered and in use, and not in the manifest. Only said: a manifest never takes anything away, since a file
 * that lost a line must not end production.
 */
export async function listUnlisted(tx: Tx, manifest: JsonObject): Promise<readonly Unlisted[]> {
  const listed = new Set(
    expandManifest(manifest).items.map(({ section, value }) => {
      const text = (key: string) => (typeof value[key] === 'string' ? value[key] : '')
      if (section === 'people') return `people ${text('email').trim().toLowerCase()}`
      return section === 'roles' ? `roles ${text('resource')}/${text('name')}` : `${section} ${text('name')}`
    }),
  )
  const { rows } = await sql<Unlisted>`
    select 'people' as section, coalesce(email, person_id::text) as name from person where state = 'active'
    union all select 'owners', name from owner where state = 'active'
    union all select 'offline_sites', name from offline_site where state = 'active'
    union all select 'trust_providers', name from trust_provider where state = 'active'
    union all select 'identities', name from identity where state <> 'retired'
    union all select 'resources', name from resource where state = 'active'
    union all select 'roles', resource.name || '/' || role.name from role join resource using (resource_id)
               where role.state = 'active' and resource.state = 'active'
    order by 1, 2`.execute(tx.query)
  return rows.filter(({ section, name }) => !listed.has(`${section} ${name}`)).slice(0, maxListed)
}
