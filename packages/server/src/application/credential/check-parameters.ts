/** The closed parameters of a role: `{ name: { one_of: [...] } }`. */
import { type FieldProblem, MayflyError } from '@mayfly/domain'

/** @throws MayflyError `request_invalid` naming each parameter that is missing, unknown or not among its values */
export function checkParameters(declared: unknown, given: Readonly<Record<string, string>>): void {
  const allowed = declared as Readonly<Record<string, { readonly one_of: readonly string[] }>>
  const problems: FieldProblem[] = []
  for (const [name, { one_of: values }] of Object.entries(allowed)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value !== undefined && values.includes(value)) continue
    const detail = `must be one of ${values.map((each) => `\`${each}\``).join(', ')}`
    problems.push({ pointer: `/parameters/${name}`, detail })
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(allowed, name)) continue
    problems.push({ pointer: `/parameters/${name}`, detail: 'the role has no such parameter' })
  }
  if (problems.length > 0) {
    throw new MayflyError('request_invalid', { publicDetail: 'the parameters do not fit the role', fields: problems })
  }
}
