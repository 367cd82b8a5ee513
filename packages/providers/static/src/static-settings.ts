import { hints, messageOf, schemaFaults, Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import type { StaticSystem } from './static-system.ts'

const account = z.string().min(1).max(200)

/** Where the secret is in force, and how it is rotated. */
export function staticSettings(systems: readonly StaticSystem[]) {
  const kinds = systems.map(({ kind }) => kind)
  return z
    .strictObject({
      /** The kind of the system, whose own settings and login hold. */
      system: z.enum(kinds).meta(hints({ description: 'the kind of the system where the secret is in force' })),
      settings: z.record(z.string(), z.unknown()).meta(hints({ form: { kind_from: 'system', part: 'settings' } })),
      /**
       * Whose secret it is. Two, alike in what they may, where the system knows only one secret for an account: consumers
       * go on with the one while the other gets a new secret. With one of those, a rotation breaks who has not read again.
       */
      accounts: z
        .array(account)
        .min(1)
        .max(2)
        .meta(
          hints({
            description:
              'whose secret it is; two with the same rights take turns, e.g. report_a, report_b; at redis name one',
          }),
        ),
      /** How old a version grows; 0: it is rotated only when somebody asks, or a reader ends. */
      rotate_every_seconds: z
        .int()
        .min(0)
        .max(31_536_000)
        .default(2_592_000)
        .meta(hints({ asked: true, description: 'how old a version grows, in seconds; 0: only when somebody asks' })),
      /** How long the version before goes on, so that consumers can read again. */
      overlap_seconds: z
        .int()
        .min(0)
        .max(2_678_400)
        .default(3_600)
        .meta(hints({ asked: true, description: 'how long the version before goes on, so that consumers read again' })),
    })
    .superRefine(({ system: kind, settings, accounts }, context) => {
      const system = systems.find((one) => one.kind === kind)
      if (system === undefined) return
      const judged = system.settings.safeParse(settings, { error: messageOf })
      for (const issue of judged.error?.issues ?? []) {
        for (const { path, detail } of schemaFaults(issue, system.settings))
          context.addIssue({ code: 'custom', path: ['settings', ...path], message: detail })
      }
      if (accounts.length === 2 && system.rotation?.overlap === 'same_account') {
        const message = `\`${kind}\` knows two secrets for one account: name one`
        context.addIssue({ code: 'custom', path: ['accounts'], message })
      }
      if (new Set(accounts).size !== accounts.length) {
        context.addIssue({ code: 'custom', path: ['accounts', 1], message: 'named twice' })
      }
    })
}
export type StaticSettings = z.output<ReturnType<typeof staticSettings>>

/** From a file, where the command line gives it as text. */
function parseFields(text: string, context: z.RefinementCtx): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(text)
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return { ...fields }
  } catch {
    // What it says instead would be the secret itself.
  }
  context.addIssue({ code: 'custom', message: "not a JSON object with the fields of the system's login" })
  return z.NEVER
}

const hidden = z.union([
  z
    .string()
    .min(1)
    .max(16_384)
    .transform((text) => new Secret(text)),
  z.instanceof(Secret),
])

export const staticSecret = z.strictObject({
  /** Mayfly's own login at the system, in the fields of its kind; it must be able to change the accounts' secrets. */
  login: z
    .union([z.record(z.string(), z.unknown()), z.string().max(65_536).transform(parseFields), z.instanceof(Secret)])
    .transform((fields) => (fields instanceof Secret ? fields : new Secret(JSON.stringify(fields))))
    .meta(hints({ form: { kind_from: 'system', part: 'secret' } })),
  /** What the first account accepts today. It becomes version 1; consumers go on with it until it is rotated. */
  current: hidden.meta(hints({ description: 'what the first account accepts today' })),
})
export type StaticSecret = z.output<typeof staticSecret>

/** A role of such a resource permits to read it, and nothing else. */
export const staticPermission = z.strictObject({ read: z.literal(true).default(true) })
export type StaticPermission = z.output<typeof staticPermission>
