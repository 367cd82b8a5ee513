import { hints, isFetchableUrl, Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { jsonPointerPattern } from './json-pointer.ts'
import { placeholdersOf } from './template.ts'

const pointer = z
  .string()
  .max(500)
  .regex(jsonPointerPattern, { error: 'not a JSON Pointer (RFC 6901), e.g. `/data/id`' })
const status = z.int().min(200).max(499)
const word = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, { error: 'write a word of `a-z`, `0-9` and `_`' })
const path = z
  .string()
  .max(2_000)
  .regex(/^\/[\w\-.~!$&'()*+,;=:@%/?{}]*$/, {
    error: 'write a path that begins with `/`; placeholders stand in braces',
  })
const header = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'not the name of a header' })
const ownHeaders = new Set([
  'authorization',
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
])

const call = {
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** After `base_url`. What is filled in is percent-encoded. */
  path,
  /** Sent as JSON; a text that is nothing but a placeholder keeps the type of its value. */
  body: z.json().optional(),
  headers: z
    .record(
      header.refine((name) => !ownHeaders.has(name.toLowerCase()), { error: 'is set by Mayfly itself' }),
      z.string().max(500),
    )
    .default({}),
}
const statuses = (...usual: readonly number[]) =>
  z
    .array(status)
    .min(1)
    .max(10)
    .default([...usual])

/** How an account is made, found and removed at a system that has a call for each. */
export const httpSettings = z
  .strictObject({
    /** Where the system is, without a trailing slash. `https:`, or `http:` on this very machine. */
    base_url: z
      .string()
      .max(500)
      .refine((url) => isFetchableUrl(url) && !url.endsWith('/') && !url.includes('?'), {
        error: 'write an https address without user, query, fragment or trailing slash',
      })
      .meta({ description: 'where the system is, e.g. https://ci.example.com' }),
    /** Of a private authority; default: those that Node trusts. */
    ca_pem: z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'not a PEM certificate' }).optional(),
    /** How Mayfly shows who it is, with the resource's secret. */
    auth: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('bearer') }),
        z.strictObject({ kind: z.literal('basic'), username: z.string().min(1).max(200) }),
        z.strictObject({ kind: z.literal('header'), name: header, prefix: z.string().max(50).default('') }),
      ])
      .default({ kind: 'bearer' }),
    /** What roles may choose: by name, the values that are allowed. `{permission.NAME}` in a template. */
    choices: z
      .record(
        word,
        z
          .array(z.union([z.string().max(200), z.int(), z.boolean()]))
          .min(1)
          .max(100),
      )
      .default({})
      .meta(hints({ asked: true, description: 'what roles may choose, e.g. {"scope": ["read", "deploy"]}' })),
    /** Secrets that Mayfly makes up and sends along: by name, how many characters. `{generated.NAME}`; told to the holder. */
    generate: z
      .record(word, z.int().min(20).max(256))
      .default({})
      .meta(hints({ asked: true, description: 'secrets that Mayfly makes up, e.g. {"password": 40}' })),
    create: z.strictObject({
      ...call,
      body: call.body.meta(hints({ asked: true, description: 'what is sent, e.g. {"label": "{account_name}"}' })),
      accepts: statuses(200, 201),
      /** What the holder gets, picked from the answer. */
      fields: z
        .record(word, z.strictObject({ pointer, secret: z.boolean().default(true) }))
        .default({})
        .meta(
          hints({
            asked: true,
            description: 'what the holder gets of the answer, e.g. {"token": {"pointer": "/token"}}',
          }),
        ),
      /** True where the system itself refuses an account of a name that it has: then Mayfly does not look first. */
      refuses_duplicates: z.boolean().default(false),
    }),
    /** How an account is seen at the system: one by its path, or all in a list, recognised by their label. */
    find: z.strictObject({
      method: z.enum(['GET', 'POST']).default('GET'),
      path,
      body: call.body,
      headers: call.headers,
      accepts: statuses(200),
      /** For one by its path: statuses that say that there is none. */
      absent: statuses(404, 410),
      /** For a list: where the items stand, and in each the label. */
      list: z
        .strictObject({
          items: pointer,
          label: pointer,
          /** Where the path or address of the next page stands; absent in the last one. */
          next: pointer.optional(),
        })
        .optional()
        .meta(
          hints({
            asked: true,
            description:
              'where they stand in a list, e.g. {"items": "/tokens", "label": "/label"}; none: one by its path',
          }),
        ),
      /** The id that the system has chosen: in the answer, or in each item. `{handle}` in the path of the delete call. */
      handle: pointer
        .optional()
        .meta(hints({ asked: true, description: 'where the id stands that the system chose, e.g. /id' })),
    }),
    delete: z.strictObject({ ...call, accepts: statuses(200, 202, 204), absent: statuses(404, 410) }),
    /** Told to every holder beside, e.g. an address. */
    tell: z.record(word, z.string().max(500)).default({}),
    /** For static secrets: how the secret of `{account}` is set to `{next}`, and how it is tried. */
    rotate: z
      .strictObject({
        /** Where `set` would make an account that is not there: how it is seen that it is, asked before each `set`. */
        find: z
          .strictObject({
            method: z.enum(['GET', 'POST']).default('GET'),
            path,
            accepts: statuses(200),
            absent: statuses(404, 410),
          })
          .optional(),
        set: z.strictObject({ ...call, accepts: statuses(200, 201, 204) }),
        try: z.strictObject({
          method: z.enum(['GET', 'POST']).default('GET'),
          path,
          auth: z.enum(['basic', 'bearer']),
          accepts: statuses(200),
          refuses: statuses(401, 403),
        }),
      })
      .optional(),
    timeout_ms: z.int().min(100).max(60_000).default(10_000),
    max_concurrent_calls: z.int().min(1).max(64).default(8),
  })
  .superRefine((settings, context) => {
    const fault = (at: (string | number)[], message: string) => context.addIssue({ code: 'custom', path: at, message })
    const given = ['account_name', 'credential_id', 'expires_at', 'expires_in_seconds', 'create_deadline_at']
    const known = new Set([
      ...given,
      ...Object.keys(settings.choices).map((name) => `permission.${name}`),
      ...Object.keys(settings.generate).map((name) => `generated.${name}`),
    ])
    const judge = (at: string[], of: { path: string; body?: unknown; headers: object }, names: ReadonlySet<string>) => {
      for (const part of ['path', 'body', 'headers'] as const) {
        for (const name of placeholdersOf(of[part] as never)) {
          // Which parameters there are, the role says.
          if (names.has(name) || (part !== 'path' && name.startsWith('parameter.') && at[0] === 'create')) continue
          const there = names.size === 0 ? 'is none' : `are ${[...names].map((one) => `{${one}}`).join(', ')}`
          fault([...at, part], `there is no placeholder \`{${name}}\` here; there ${there}`)
        }
      }
    }
    judge(['create'], settings.create, known)
    judge(['find'], settings.find, new Set(['account_name', 'credential_id']))
    const handles = settings.find.handle === undefined ? [] : ['handle']
    judge(['delete'], settings.delete, new Set(['account_name', 'credential_id', ...handles]))
    const { rotate } = settings
    if (rotate !== undefined) {
      const { set, find } = rotate
      judge(['rotate', 'set'], set, new Set(['account', 'next']))
      judge(['rotate', 'try'], { path: rotate.try.path, headers: {} }, new Set())
      const said = placeholdersOf([set.path, set.body ?? null, set.headers])
      for (const name of ['account', 'next'].filter((one) => !said.includes(one)))
        fault(['rotate', 'set'], `does not say \`{${name}}\`: whose secret it is, and which, must be in it`)
      if (find !== undefined) {
        judge(['rotate', 'find'], { path: find.path, headers: {} }, new Set(['account']))
        if (!placeholdersOf(find.path).includes('account'))
          fault(['rotate', 'find', 'path'], 'name the account in the path with `{account}`')
      }
    }
    const labelled = placeholdersOf([settings.create.path, settings.create.body ?? null, settings.create.headers])
    if (!labelled.some((name) => name === 'account_name' || name === 'credential_id')) {
      fault(
        ['create'],
        'send `{account_name}` along, as name, label or idempotency key: else nothing finds the account again',
      )
    }
    if (
      settings.find.list === undefined &&
      !placeholdersOf(settings.find.path).some((name) => name === 'account_name' || name === 'credential_id')
    ) {
      fault(
        ['find', 'path'],
        'name the account in the path with `{account_name}`, or say with `list` how it is recognised among all',
      )
    }
    if (Object.keys(settings.create.fields).length + Object.keys(settings.generate).length === 0) {
      fault(
        ['create', 'fields'],
        'nothing secret is picked from the answer, and nothing is generated: the holder would get nothing',
      )
    }
  })
export type HttpSettings = z.output<typeof httpSettings>

/** What Mayfly itself shows to the system: a token, a password or a key, as `auth` says. */
export const httpSecret = z.strictObject({
  value: z.union([
    z
      .string()
      .min(1)
      .max(8_192)
      .regex(/^[\u0020-\u007e]*$/, { error: 'holds characters that do not fit into a header' })
      .transform((value) => new Secret(value)),
    z.instanceof(Secret),
  ]),
})
export type HttpSecret = z.output<typeof httpSecret>
