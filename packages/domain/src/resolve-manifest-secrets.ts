/**
 * Puts the secrets into a manifest that names only where they are, on the machine of whoever applies it.
 *
 * In the file each value under a resource's `secret` is `{ env: NAME }` or `{ file: PATH }`; only `username` may be
 * written out. A password in the file is refused: the file is meant for a repository, which forgets nothing.
 */
import type { JsonObject, JsonValue } from './log/canonical-json.ts'
import type { FieldProblem } from './problem.ts'

export type SecretSource = { readonly env: string } | { readonly file: string }

/** @returns the value, or undefined where there is none */
export type ReadSecret = (source: SecretSource) => string | undefined

/**
 * @param read reads an environment variable or a file; a newline at the end is the reader's to drop
 * @returns the manifest to send, never to be written or logged; or what is wrong, by JSON pointer into the file
 */
export function resolveManifestSecrets(
  manifest: JsonObject,
  read: ReadSecret,
): { readonly manifest: JsonObject; readonly faults: readonly FieldProblem[] } {
  const faults: FieldProblem[] = []
  const { resources } = manifest
  if (!Array.isArray(resources)) return { manifest, faults }
  const resolved = resources.map((item, index) => {
    if (!isObject(item)) return item
    const { template } = item
    if (isObject(template)) {
      return { ...item, template: withSecret(template, `/resources/${index}/template`, read, faults) }
    }
    return withSecret(item, `/resources/${index}`, read, faults)
  })
  return { manifest: { ...manifest, resources: resolved }, faults }
}

function withSecret(item: JsonObject, pointer: string, read: ReadSecret, faults: FieldProblem[]): JsonObject {
  const { secret } = item
  if (secret === undefined) return item
  if (!isObject(secret)) {
    faults.push({ pointer: `${pointer}/secret`, detail: 'must be an object in the fields of the provider' })
    return item
  }
  const fields = Object.entries(secret).map(([name, value]): [string, JsonValue] => {
    const at = `${pointer}/secret/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const source = sourceOf(value)
    if (source === undefined) {
      if (name === 'username' && typeof value === 'string') return [name, value]
      const detail = 'is written out; write `{ env: NAME }` or `{ file: PATH }` and take the value out of the file'
      faults.push({ pointer: at, detail })
      return [name, '']
    }
    const found = read(source)
    if (found === undefined || found === '') {
      const where = 'env' in source ? `the environment variable \`${source.env}\`` : `the file \`${source.file}\``
      faults.push({ pointer: at, detail: `${where} is missing or empty` })
      return [name, '']
    }
    return [name, found]
  })
  return { ...item, secret: Object.fromEntries(fields) }
}

function sourceOf(value: JsonValue): SecretSource | undefined {
  if (!isObject(value)) return undefined
  const { env, file, ...rest } = value
  if (Object.keys(rest).length > 0) return undefined
  if (typeof env === 'string' && file === undefined) return { env }
  if (typeof file === 'string' && env === undefined) return { file }
  return undefined
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
