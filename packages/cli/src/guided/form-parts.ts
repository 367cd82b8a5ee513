/** The parts of a kind's form, with what another kind says in them: a static secret is asked for in the words of its system. */
import type { FormFault, FormPart, ProviderForm } from '@mayfly/server'

type Schema = Readonly<Record<string, unknown>>
export type Forms = ReadonlyMap<string, ProviderForm>

interface Borrowed {
  readonly name: string
  readonly form: ProviderForm
  readonly part: FormPart
}

/** The schema of a part; what is another kind's is as that kind has it, once the settings say which. */
export function schemaOf(forms: Forms, form: ProviderForm, part: FormPart, settings: unknown): Schema {
  const schema = form[part]
  const properties: Record<string, unknown> = { ...recordOf(schema['properties']) }
  for (const { name, form: other, part: of } of borrowedIn(forms, form, part, settings)) properties[name] = other[of]
  return { ...schema, properties }
}

/** What is wrong with a part, in the words of whose it is. */
export function faultsOf(
  forms: Forms,
  form: ProviderForm,
  part: FormPart,
  value: unknown,
  settings: unknown,
): readonly FormFault[] {
  const own = form.judge(part, value)
  const others = borrowedIn(forms, form, part, settings).flatMap(({ name, form: other, part: of }) => {
    const inner = recordOf(value)[name]
    if (typeof inner === 'string') return []
    return other.judge(of, inner ?? {}).map(({ path, detail }) => ({ path: [name, ...path], detail }))
  })
  const told = new Set(others.map(({ path }) => path.join('.')))
  return [...others, ...own.filter(({ path }) => !told.has(path.join('.')))]
}

/** The kind whose words a form borrows; undefined where it borrows none, or does not know yet of which. */
export function lenderOf(forms: Forms, form: ProviderForm, settings: unknown): ProviderForm | undefined {
  return borrowedIn(forms, form, 'settings', settings)[0]?.form
}

/** The setting that says which kind it is, where a form borrows. */
export function lenderSetting({ settings }: ProviderForm): string | undefined {
  return hintsIn(settings)[0]?.kindFrom
}

function borrowedIn(forms: Forms, form: ProviderForm, part: FormPart, settings: unknown): readonly Borrowed[] {
  return hintsIn(form[part]).flatMap(({ name, kindFrom, part: of }) => {
    const other = forms.get(String(recordOf(settings)[kindFrom]))
    return other === undefined ? [] : [{ name, form: other, part: of }]
  })
}

function hintsIn(schema: Schema) {
  return Object.entries(recordOf(schema['properties'])).flatMap(([name, inner]) => {
    const { kind_from: kindFrom, part } = recordOf(recordOf(inner)['form'])
    if (typeof kindFrom !== 'string' || (part !== 'settings' && part !== 'secret')) return []
    return [{ name, kindFrom, part } as const]
  })
}

function recordOf(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {}
}
