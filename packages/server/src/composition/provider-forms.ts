/** What a person is asked for, kind by kind: the providers' own schemas as JSON Schema, and what to run at the target. */
import type { Guarantees } from '@mayfly/provider-kit'
import { z } from 'zod'

/** JSON Schema (2020-12) of what is entered, before defaults. */
export type FormSchema = Readonly<Record<string, unknown>>

export interface ProviderForm {
  readonly kind: string
  readonly title: string
  /** Text that can be run at the target, so that Mayfly gets the least rights. */
  readonly guide: string
  readonly settings: FormSchema
  readonly secret: FormSchema
  readonly permission: FormSchema
}

/** Of a provider what can be said without a target; what its schemas parse need not be known here. */
export interface FormProvider {
  readonly kind: string
  readonly title: string
  readonly guarantees: Guarantees
  guide(): string
  readonly settings: z.ZodType
  readonly secret: z.ZodType
  readonly permission: z.ZodType
}

export function providerFormOf(provider: FormProvider): ProviderForm {
  const schemaOf = (schema: z.ZodType): FormSchema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return {
    kind: provider.kind,
    title: provider.title,
    guide: provider.guide(),
    settings: schemaOf(provider.settings),
    secret: schemaOf(provider.secret),
    permission: schemaOf(provider.permission),
  }
}
