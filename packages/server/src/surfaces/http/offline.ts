/** Without a network: the offline bundle that other sites take along, and the sites whose bundles are believed here. */
import { encodeUtf8, maxBundleSizeBytes, type OfflineSiteId, type TenantId } from '@mayfly/domain'
import { z } from 'zod'
import { changeOfflineSite, retireOfflineSite } from '../../application/offline/change-site.ts'
import { importOfflineBundle } from '../../application/offline/import-bundle.ts'
import { describeBundleKeys, makeOfflineBundle, type OfflineBundleDeps } from '../../application/offline/make-bundle.ts'
import { registerOfflineSite } from '../../application/offline/register-site.ts'
import { getOfflineSite, listOfflineSites, type OfflineSiteRow } from '../../store/offline-rows.ts'
import { defineRoute, defineSelfGatedRoute, type Route } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'
import { readPage } from './pages.ts'
import * as fields from './registry-fields.ts'
import { id, page, pageQuery, ref, timestamp } from './wire.ts'

export type OfflineDeps = HttpDeps &
  OfflineBundleDeps & {
    /** Lists of revoked certificates of other authorities that travel along; may ask their servers. */
    gatherCrls(tenantId: TenantId): Promise<readonly Uint8Array[]>
  }

const keys = z
  .array(z.string().min(1).max(2_300))
  .min(1)
  .max(20)
  .meta({ description: 'C2SP verifier keys, as `GET /v1/offline-bundle/keys` of the other site shows them' })
const maxAgeSeconds = z
  .int()
  .min(60)
  .max(31_622_400)
  .meta({ description: 'How old what its bundles bring may be; older material judges nothing' })

const offlineSite = z
  .object({
    offline_site_id: id<OfflineSiteId>(),
    name: fields.name,
    origin: z.string().meta({ description: 'The issuer URL of the site, which is the name of its keys' }),
    keys: z.array(z.string()).meta({ description: 'The verifier keys that are believed for it now' }),
    max_age_seconds: maxAgeSeconds,
    state: fields.usedOrRetired,
    sequence: z.number().nullable().meta({ description: 'Of the bundle imported last; null before the first' }),
    digest: z.string().nullable().meta({ description: 'SHA-256 of its body, base64' }),
    made_at: timestamp.nullable(),
    imported_at: timestamp.nullable(),
    version: fields.version,
    created_at: timestamp,
  })
  .meta({ id: 'OfflineSite', description: 'A site that is believed without a network' })

const params = z.strictObject({ ref })
const tenant = () => ({ type: 'Tenant' }) as const

export const offlineRoutes: readonly Route<OfflineDeps>[] = [
  defineSelfGatedRoute({
    method: 'GET',
    path: '/v1/offline-bundle',
    name: 'exportOfflineBundle',
    summary: 'take along what another site needs to check what this one signs',
    description: 'A signed file (docs/formats/offline-bundle.md), true as of now. It holds nothing secret.',
    action: 'bundle.export',
    response: z.string(),
    produces: 'application/octet-stream',
    handle: async (deps: OfflineDeps, ctx) => {
      // Before the gate, whose transaction must not wait for other servers: they are asked as seldom as for proofs.
      const crls = await deps.gatherCrls(ctx.tenantId)
      // Who took it along stands in the decision.
      return deps.gate(ctx, { action: 'bundle.export', resource: tenant() }, async (tx) => ({
        body: await makeOfflineBundle(deps, tx, { crls }),
      }))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/offline-bundle/keys',
    name: 'getOfflineBundleKeys',
    summary: 'show the keys that sign the offline bundles of this site',
    description: 'Pin them at the other site, compared on another way than the one that the files take.',
    action: 'bundle.export',
    resource: tenant,
    response: z
      .object({
        origin: z.string(),
        keys: z.array(z.object({ vkey: z.string(), state: z.enum(['prepared', 'active', 'retired']) })),
      })
      .meta({ id: 'OfflineBundleKeys' }),
    handle: async (deps: OfflineDeps, _ctx, _input, tx) => {
      const described = await describeBundleKeys(deps, tx)
      return { origin: described.origin, keys: [...described.keys] }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/offline-sites',
    name: 'registerOfflineSite',
    summary: 'register a site that is believed without a network',
    action: 'offline_site.write',
    body: z.strictObject({
      name: fields.name,
      origin: z.string().min(1).max(2_000),
      keys,
      max_age_seconds: maxAgeSeconds.optional(),
    }),
    resource: tenant,
    changes: true,
    status: 201,
    response: offlineSite,
    problems: ['name_taken'],
    handle: async (deps: OfflineDeps, ctx, { body }, tx, decision) => {
      const { max_age_seconds: maxAge, ...given } = body
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, receipt } = await registerOfflineSite(change, { ...given, maxAgeSeconds: maxAge })
      return { ...offlineSiteWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/offline-sites',
    name: 'listOfflineSites',
    summary: 'list the sites that are believed without a network',
    action: 'registry.read',
    query: pageQuery.extend({ state: fields.usedOrRetired.optional() }),
    resource: tenant,
    response: page(offlineSite),
    problems: ['cursor_invalid'],
    handle: (_deps: OfflineDeps, _ctx, { query }, tx) =>
      readPage(
        'offline_sites',
        query,
        (rows) => listOfflineSites(tx, query, rows),
        (row) => row.offline_site_id,
        offlineSiteWire,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/offline-sites/{ref}',
    name: 'getOfflineSite',
    summary: 'show a site that is believed without a network',
    action: 'registry.read',
    params,
    resource: tenant,
    response: offlineSite,
    problems: ['resource_not_found'],
    handle: async (_deps: OfflineDeps, _ctx, input, tx) => offlineSiteWire(await getOfflineSite(tx, input.params.ref)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/v1/offline-sites/{ref}',
    name: 'updateOfflineSite',
    summary: 'change how old the bundles of a site may be, or pin its keys anew',
    description:
      'With other keys the site begins again: what was imported under the former ones is forgotten, and what was proven with it ends. With a lower age what was proven under the higher one ends: prove again.',
    action: 'offline_site.write',
    params,
    body: z.strictObject({
      keys: keys.optional(),
      max_age_seconds: maxAgeSeconds.optional(),
      version: fields.seenVersion,
    }),
    resource: tenant,
    changes: true,
    response: offlineSite,
    problems: ['resource_not_found', 'state_not_allowed', 'version_conflict'],
    handle: async (deps: OfflineDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { max_age_seconds: maxAge, ...given } = body
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, receipt } = await changeOfflineSite(change, which, { ...given, maxAgeSeconds: maxAge })
      return { ...offlineSiteWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/offline-sites/{ref}/retire',
    name: 'retireOfflineSite',
    summary: 'believe nothing of a site any more, and end what was proven with its bundles',
    action: 'offline_site.write',
    params,
    body: z.strictObject({ reason: fields.reason, version: fields.seenVersion }).default({}),
    resource: tenant,
    changes: true,
    response: offlineSite,
    problems: ['resource_not_found', 'version_conflict'],
    handle: async (deps: OfflineDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const { row, receipt } = await retireOfflineSite(fields.changeOf(deps, ctx, tx, decision), which, body)
      return { ...offlineSiteWire(row), entry: receipt }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/offline-sites/{ref}/imports',
    name: 'importOfflineBundle',
    summary: 'bring the offline bundle of a site',
    description:
      'It takes the place of the one before. Refused: one that no believed key signed, that was changed, that is older than the last or than the site allows. The very same again changes nothing.',
    action: 'bundle.import',
    params,
    body: z.strictObject({
      bundle: z.string().min(1).max(maxBundleSizeBytes).meta({ description: 'The file, as it is' }),
    }),
    // JSON writes a quote as two characters, and the file is mostly JSON.
    bodyLimitBytes: 2 * maxBundleSizeBytes,
    resource: tenant,
    changes: true,
    response: offlineSite,
    problems: [
      'resource_not_found',
      'state_not_allowed',
      'bundle_malformed',
      'bundle_untrusted',
      'bundle_superseded',
      'bundle_outdated',
    ],
    handle: async (deps: OfflineDeps, ctx, { params: { ref: which }, body }, tx, decision) => {
      const change = fields.changeOf(deps, ctx, tx, decision)
      const { row, receipt } = await importOfflineBundle(change, which, encodeUtf8(body.bundle))
      return { ...offlineSiteWire(row), entry: receipt }
    },
  }),
]

function offlineSiteWire(row: OfflineSiteRow): z.output<typeof offlineSite> {
  return {
    offline_site_id: row.offline_site_id,
    name: row.name,
    origin: row.origin,
    keys: [...row.keys],
    max_age_seconds: row.max_age_seconds,
    state: row.state as z.output<typeof fields.usedOrRetired>,
    sequence: row.sequence,
    digest: row.digest,
    made_at: row.made_at,
    imported_at: row.imported_at,
    version: row.version,
    created_at: row.created_at,
  }
}
