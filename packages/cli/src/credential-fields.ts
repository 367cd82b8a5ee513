/** An issued credential in the forms in which programs take one. */
import type { components } from '@mayfly/client'
import { UsageError } from './usage-error.ts'

export type IssuedCredential = components['schemas']['IssuedCredential']

/** `orders-db/readonly` → `ORDERS_DB`: the resource's name says what it opens. */
export function defaultPrefix(role: string): string {
  const name = (role.split('/')[0] ?? '').replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()
  return /^[A-Z_]/.test(name) ? name : `_${name}`
}

/** @throws UsageError the prefix makes no name of an environment variable */
export function credentialEnvironment(credential: IssuedCredential, prefix: string): Record<string, string> {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(prefix)) {
    throw new UsageError(`\`${prefix}\` is no name of an environment variable`, 'use letters, digits and `_`')
  }
  return Object.fromEntries(
    Object.entries(credential.fields ?? {}).map(([name, value]) => [`${prefix}_${name.toUpperCase()}`, String(value)]),
  )
}

/** What a program that reads a file finds in it. */
export function credentialDocument(credentials: readonly IssuedCredential[]): string {
  const documents = credentials.map(({ credential_id, role, expires_at, max_expires_at, fields }) => ({
    credential_id,
    role,
    expires_at,
    max_expires_at,
    fields,
  }))
  return `${JSON.stringify(documents.length === 1 ? documents[0] : { credentials: documents }, null, 2)}\n`
}

/** For `eval "$(mayfly issue … --output env)"`. */
export function shellAssignments(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join('\n')
}
