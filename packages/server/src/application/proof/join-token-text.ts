/**
 * A join token as it is handed out: `mayfly_join_<tenant><secret>`, the tenant's id and 32 random bytes as base64url, so
 * that whoever joins need not say whose it is. It is kept nowhere.
 */
import { randomBytes } from 'node:crypto'
import { isId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'

const shape = /^mayfly_join_([A-Za-z0-9_-]{64})$/

export function makeJoinTokenText(tenantId: TenantId): Secret {
  const bytes = Buffer.concat([Buffer.from(tenantId.replaceAll('-', ''), 'hex'), randomBytes(32)])
  return new Secret(`mayfly_join_${bytes.toString('base64url')}`)
}

/** @returns the tenant that it names, which need not exist; undefined for what is no join token */
export function tenantOfJoinToken(text: string): TenantId | undefined {
  const [, encoded] = shape.exec(text) ?? []
  if (encoded === undefined) return undefined
  const hex = Buffer.from(encoded, 'base64url').subarray(0, 16).toString('hex')
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return isId(id) ? (id as TenantId) : undefined
}
