/** What a person is asked for, kind by kind: the providers' own schemas as JSON Schema, and what to run at the target. */
import { type Guarantees, messageOf } from '@mayfly/provider-kit'
import { z } from 'zod'
import { fieldProblems } from '../application/field-problems.ts'

/** JSON Schema (2020-12) of what is entered, before defaults. */
export type FormSchema = Readonly<Record<string, unknown>>

export type FormPart = 'settings' | 'secret' | 'permission'

export interface FormFault {
  /** Members, outermost first; items of a list by their number. */
  readonly path: readonly string[]
  readonly detail: string
}

export interface ProviderForm {
  readonly kind: string
  readonly title: string
  /** Text that can be run at the target, so that Mayfly gets the least rights. */
  readonly guide: string
  readonly settings: FormSchema
  readonly secret: FormSchema
  readonly permission: FormSchema
  /** What is wrong with it, all at once, in the words in which the server would refuse it; never repeats a value. */
  judge(part: FormPart, value: unknown): readonly FormFault[]
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
    judge(part, value) {
      const schema = provider[part]
      const problems = schema
        .safeParse(value, { error: messageOf })
        .error?.issues.flatMap((issue) => fieldProblems(issue, schema))
      return (problems ?? []).map(({ pointer, detail }) => ({ path: stepsOf(pointer), detail }))
    },
  }
}

function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
