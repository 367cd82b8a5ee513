/**
 * `authorization_details` (RFC 9396): one type, a role of a resource. Closed: what is not known is refused (section 5), so
 * that nobody believes to have asked for less than is granted.
 */
import { z } from 'zod'
import { parseStrictObject } from '../../adapters/trust-providers/strict-json.ts'
import { roleDetailType } from '../../application/credential/token-row.ts'
import { OAuthError } from './oauth-error.ts'

const maxLength = 8_192

const roleDetail = z.strictObject({
  type: z.literal(roleDetailType),
  /** `resource/role`. */
  identifier: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}\/[a-z0-9][a-z0-9._-]{0,62}$/),
  /** Each an audience of the resource. */
  locations: z.array(z.string().min(1).max(255)).min(1).max(5).optional(),
  parameters: z.record(z.string().min(1).max(63), z.string().max(200)).optional(),
})
export type RoleDetail = z.output<typeof roleDetail>

/** @throws OAuthError `invalid_authorization_details` */
export function parseAuthorizationDetails(text: string): RoleDetail {
  if (text.length > maxLength) throw refused(`authorization_details is longer than ${maxLength} characters`)
  // Read as a member, so that duplicate names are refused inside of an array too.
  const { details, ...others } = parseStrictObject(`{"details":${text}}`) ?? {}
  if (!Array.isArray(details) || Object.keys(others).length > 0) {
    throw refused('authorization_details is not a JSON array without duplicate members')
  }
  const [first, ...more] = details as readonly unknown[]
  if (more.length > 0) throw refused('a token carries one role: ask for each role with a request of its own')
  const type = typeof first === 'object' && first !== null ? (first as { readonly type?: unknown }).type : undefined
  if (type !== roleDetailType) throw refused(`the only type is ${roleDetailType}`)
  const parsed = roleDetail.safeParse(first)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refused(`${issue?.path.join('.') || 'the object'}: ${issue?.message ?? 'not valid'}`)
}

export function refused(description: string): OAuthError {
  return new OAuthError('invalid_authorization_details', { description })
}
