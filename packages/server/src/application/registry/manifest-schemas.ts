/** What one item of each section of a manifest holds (docs/guides/apply.md). The use cases judge the rest. */
import {
  dataClasses,
  deliveries,
  environments,
  exposures,
  identityKinds,
  type ManifestSection,
  personRoles,
  reaches,
  strengths,
} from '@mayfly/domain'
import { z } from 'zod'

const name = z.string().min(1).max(200)
const ref = z.string().min(1).max(200)
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time such as `2027-06-30T00:00:00Z`, or a day such as `2027-06-30`',
  })
  .transform((text) => new Date(text))
const attributes = z.record(z.string().max(63), z.union([z.string().max(200), z.number(), z.boolean()]))
const object = z.record(z.string(), z.json())

export const manifestSchemas = {
  people: z.strictObject({
    name: z.string().min(1).max(200),
    email: z.string().min(3).max(320),
    roles: z.array(z.enum(personRoles)).max(personRoles.length).default([]),
  }),
  owners: z.strictObject({ name, contact: z.string().max(320), primary: ref, deputy: ref.nullish() }),
  offline_sites: z.strictObject({
    name,
    origin: z.string().min(1).max(2_000),
    keys: z.array(z.string().min(1).max(2_300)).min(1).max(20),
    max_age_seconds: z.int().optional(),
  }),
  trust_providers: z.strictObject({
    name,
    kind: z.string().min(1).max(31),
    settings: object.default({}),
    strength: z.enum(strengths).optional(),
    fresh_for_seconds: z.int().optional(),
  }),
  identities: z.strictObject({
    name,
    kind: z.enum(identityKinds),
    owner: ref,
    purpose: z.string().max(1000),
    environment: z.enum(environments),
    expires_at: moment,
    attributes: attributes.optional(),
  }),
  resources: z.strictObject({
    name,
    provider: z.string().min(1).max(31),
    environment: z.enum(environments),
    reach: z.enum(reaches),
    data_class: z.enum(dataClasses),
    exposure: z.enum(exposures),
    delivery: z.enum(deliveries).default('direct'),
    owner: ref,
    settings: object,
    /** Needed where the resource is new; else only where it, or an address, changes. */
    secret: object.optional(),
    attributes: attributes.optional(),
    same_target: z.boolean().optional(),
    adopt_login: z.boolean().optional(),
  }),
  roles: z.strictObject({
    resource: ref,
    name,
    permission: object.default({}),
    parameters: z
      .record(z.string().max(63), z.strictObject({ one_of: z.array(z.string().max(200)).min(1).max(100) }))
      .optional(),
    max_ttl_seconds: z.int().min(1).max(2_678_400).nullish(),
    max_live_per_identity: z.int().min(1).max(100_000).optional(),
  }),
  bindings: z.strictObject({
    trust_provider: ref,
    identity: ref.optional(),
    person: ref.optional(),
    subject: z.string().min(1).max(2000).optional(),
    claims: z.record(z.string().max(200), z.union([z.string().max(2000), z.number(), z.boolean()])).optional(),
    public_jwk: object.optional(),
  }),
} as const satisfies Record<ManifestSection, z.ZodType>

export type ManifestValue<S extends ManifestSection> = z.output<(typeof manifestSchemas)[S]>
