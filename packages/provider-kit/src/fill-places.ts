import { MayflyError } from '@mayfly/domain'

/**
 * Refuses a value that no template names: whoever sends it believes that it has a meaning.
 *
 * @throws MayflyError `target_refused`
 */
export function requireParametersUsed(
  templates: readonly string[],
  parameters: Readonly<Record<string, string>>,
): void {
  const unused = Object.keys(parameters).find((name) => !templates.some((one) => one.includes(`{${name}}`)))
  if (unused === undefined) return
  throw new MayflyError('target_refused', {
    log: `parameter ${JSON.stringify(unused)}`,
    publicDetail: 'the role names no such parameter',
    hint: 'name it in braces in the permission of the role, e.g. `{host}`',
  })
}

/**
 * Puts the values of a role's parameters where a template names them in braces.
 *
 * @param shape what a value may be, so that it cannot bring along what parts or matches more than was meant
 * @throws MayflyError `target_refused`: a value is missing or of another shape
 */
export function fillPlaces(template: string, parameters: Readonly<Record<string, string>>, shape: RegExp): string {
  return template.replaceAll(/\{([a-z][a-z0-9_]{0,62})\}/g, (_, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (value !== undefined && shape.test(value)) return value
    throw new MayflyError('target_refused', {
      publicDetail: `the role needs the parameter \`${name}\`, and its value must be one name: letters, digits and hyphens`,
    })
  })
}
