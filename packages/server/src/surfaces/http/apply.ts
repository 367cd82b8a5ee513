import { manifestSections } from '@mayfly/domain'
import { z } from 'zod'
import { applyManifest, type Plan, planManifest } from '../../application/registry/apply-manifest.ts'
import { listUnlisted } from '../../application/registry/list-unlisted.ts'
import type { RegistryDeps } from '../../application/registry/registry-deps.ts'
import { defineRoute, type Route } from './define-route.ts'
import { changeOf, fieldChange, fieldChangeWire } from './registry-fields.ts'

/** A hundred identities written out are about 40 kB; 2,000 items fit. */
const bodyLimitBytes = 2_097_152

const manifest = z.record(z.string(), z.json()).meta({
  id: 'Manifest',
  description: 'As written in docs/guides/apply.md, with the secrets filled in by the client',
})

const plan = z
  .object({
    digest: z.string().meta({ description: 'Give it to apply: it refuses where something else would change' }),
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    ends_credentials: z.int().meta({ description: 'Credentials that end at once. What is decided again comes on top' }),
    items: z.array(
      z.object({
        section: z.enum(manifestSections),
        name: z.string(),
        pointer: z.string().meta({ description: 'JSON pointer to where it is written in the manifest' }),
        outcome: z.enum(['created', 'updated', 'unchanged']),
        changes: z.array(fieldChange),
      }),
    ),
  })
  .meta({ id: 'Plan', description: 'What applying a manifest does, field by field' })

const planned = plan
  .extend({
    unlisted: z
      .array(z.object({ section: z.enum(manifestSections), name: z.string() }))
      .optional()
      .meta({ description: 'Registered and in use, but not in the manifest. Applying leaves it as it is' }),
  })
  .meta({ id: 'PlanWithUnlisted' })

export const applyRoutes: readonly Route<RegistryDeps>[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/apply/plan',
    name: 'planManifest',
    summary: 'show what applying a manifest would do',
    description:
      'Carried out and undone in one transaction, so it shows exactly what applying does, refusals included.',
    action: 'registry.apply',
    body: z.strictObject({ manifest, list_unlisted: z.boolean().default(false) }),
    bodyLimitBytes,
    resource: () => ({ type: 'Tenant' }),
    readOnly: true,
    response: planned,
    problems: ['manifest_invalid'],
    handle: async (deps: RegistryDeps, ctx, { body }, tx, decision) => {
      const made = await planManifest(deps, changeOf(deps, ctx, tx, decision), body.manifest)
      return {
        ...planWire(made),
        ...(body.list_unlisted ? { unlisted: [...(await listUnlisted(tx, body.manifest))] } : {}),
      }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/apply',
    name: 'applyManifest',
    summary: 'bring the registry to what a manifest says, all or nothing',
    description: 'Applied again it changes nothing. As powerful as every write of the registry together.',
    action: 'registry.apply',
    body: z.strictObject({ manifest, plan_digest: z.string().min(1).max(100).optional() }),
    bodyLimitBytes,
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    response: plan,
    problems: ['manifest_invalid', 'plan_changed'],
    handle: async (deps: RegistryDeps, ctx, { body }, tx, decision) => {
      const change = changeOf(deps, ctx, tx, decision)
      const { plan: made, receipt } = await applyManifest(deps, change, body.manifest, body.plan_digest)
      return { ...planWire(made), entry: receipt }
    },
  }),
]

function planWire(made: Plan): z.output<typeof plan> {
  const { digest, created, updated, unchanged, endsCredentials, items } = made
  return {
    digest,
    created,
    updated,
    unchanged,
    ends_credentials: endsCredentials,
    items: items.map((item) => ({ ...item, changes: item.changes.map(fieldChangeWire) })),
  }
}
