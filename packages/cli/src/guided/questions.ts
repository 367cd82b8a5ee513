/**
 * From a JSON Schema to the questions that a person must answer: what is required and not given yet, and what the schema
 * says is to be asked all the same (`FormHints` of the provider kit). All else can be given as an option.
 */

export type AnswerKind = 'text' | 'whole' | 'yes_or_no' | 'list' | 'choice' | 'json'

export interface Question {
  /** Where the answer goes: members, outermost first. */
  readonly path: readonly string[]
  readonly kind: AnswerKind
  readonly choices?: readonly string[]
  readonly help?: string
  /** Present where it may be left out: what it is then. */
  readonly fallback?: { readonly value: unknown }
}

type Schema = Readonly<Record<string, unknown>>

/**
 * @param given what is there already, e.g. from options
 * @returns what is to be asked next; empty where nothing required is missing. Answers can open further questions: ask again
 */
export function missingQuestions(schema: Schema, given: unknown, path: readonly string[] = []): readonly Question[] {
  if (Array.isArray(given)) {
    return given.flatMap((item: unknown, at) =>
      missingQuestions(recordOf(schema['items']), item, [...path, String(at)]),
    )
  }
  // Given whole, e.g. as the text of a file.
  if (given !== undefined && typeof given !== 'object') return []
  const object = objectOf(schema, given)
  if (object === undefined) return given === undefined ? [questionOf(schema, path)] : []
  if ('discriminator' in object) return [object.discriminator(path)]
  const properties = recordOf(object.schema['properties'])
  const required = Array.isArray(object.schema['required']) ? object.schema['required'].map(String) : []
  const members = recordOf(given)
  return Object.entries(properties).flatMap(([name, inner]) => {
    const value = members[name]
    const at = recordOf(inner)
    if (value !== undefined) return missingQuestions(at, value, [...path, name])
    if (required.includes(name) && !('default' in at)) return missingQuestions(at, undefined, [...path, name])
    // What was left out on being asked is there, as nothing.
    if (at['asked'] !== true || Object.hasOwn(members, name)) return []
    return [{ ...questionOf(at, [...path, name]), fallback: { value: at['default'] } }]
  })
}

/** The question for one place, whatever has been answered; undefined where the schema knows no such place. */
export function questionAt(schema: Schema, path: readonly string[], given: unknown): Question | undefined {
  let [at, value]: [Schema | undefined, unknown] = [schema, given]
  for (const step of path) {
    if (at === undefined) return undefined
    if (at['type'] === 'array')
      [at, value] = [recordOf(at['items']), Array.isArray(value) ? value[Number(step)] : undefined]
    else {
      const object = objectOf(at, value)
      const inner = object !== undefined && 'schema' in object ? recordOf(object.schema['properties'])[step] : undefined
      ;[at, value] = [inner === undefined ? undefined : recordOf(inner), recordOf(value)[step]]
    }
  }
  return at === undefined || path.length === 0 ? undefined : questionOf(at, path)
}

/** Lists of the top that are asked for once the resource is registered. */
export function askedAfterwards(schema: Schema, given: unknown): readonly string[] {
  return Object.entries(recordOf(schema['properties'])).flatMap(([name, inner]) =>
    recordOf(inner)['asked'] === 'afterwards' && recordOf(given)[name] === undefined ? [name] : [],
  )
}

/** The object that is meant: of several alternatives the one that what is given says. */
function objectOf(
  schema: Schema,
  given: unknown,
): { readonly schema: Schema } | { readonly discriminator: (path: readonly string[]) => Question } | undefined {
  if (schema['type'] === 'object') return { schema }
  const objects = alternativesOf(schema).filter((one) => one['type'] === 'object')
  const [first] = objects
  if (first === undefined) return undefined
  if (objects.length === 1) return { schema: first }
  const name = Object.entries(recordOf(first['properties'])).find(([, inner]) => 'const' in recordOf(inner))?.[0]
  if (name === undefined) return undefined
  const constOf = (one: Schema) => String(recordOf(recordOf(one['properties'])[name])['const'])
  const said = recordOf(given)[name]
  const chosen = objects.find((one) => constOf(one) === said)
  if (chosen !== undefined) return { schema: chosen }
  return {
    discriminator: (path) => ({
      path: [...path, name],
      kind: 'choice',
      choices: objects.map(constOf),
      ...helpOf(schema),
    }),
  }
}

function questionOf(schema: Schema, path: readonly string[]): Question {
  const help = helpOf(schema)
  const choices = choicesOf(schema)
  if (choices !== undefined) return { path, kind: 'choice', choices, ...help }
  const [plain = schema] = [schema, ...alternativesOf(schema)].filter((one) => one['type'] !== undefined)
  const kinds: Readonly<Record<string, AnswerKind>> = {
    string: 'text',
    integer: 'whole',
    boolean: 'yes_or_no',
    array: recordOf(plain['items'])['type'] === 'object' ? 'json' : 'list',
  }
  const items = choicesOf(recordOf(plain['items']))
  return {
    path,
    kind: kinds[String(plain['type'])] ?? 'json',
    ...(items !== undefined && { choices: items }),
    ...helpOf(plain),
    ...help,
  }
}

function choicesOf(schema: Schema): readonly string[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'].map(String)
  const consts = alternativesOf(schema).map((one) => one['const'])
  return consts.length > 0 && consts.every((one) => typeof one === 'string') ? consts.map(String) : undefined
}

function alternativesOf(schema: Schema): readonly Schema[] {
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  return Array.isArray(alternatives) ? alternatives.map(recordOf) : []
}

function helpOf(schema: Schema): { readonly help?: string } {
  return typeof schema['description'] === 'string' ? { help: schema['description'] } : {}
}

function recordOf(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {}
}
