import { z } from 'zod'
import { moreClaims } from './jwt-settings.ts'

/** scope-token of RFC 6749 section 3.3. */
const scopeToken = z
  .string()
  .max(100)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'a scope is printable ASCII without spaces, `"` and `\\`' })

/** What a role permits: the words that the resource server knows, and claims of its own. */
export const jwtPermission = z.strictObject({
  scopes: z
    .array(scopeToken)
    .max(50)
    .refine((scopes) => new Set(scopes).size === scopes.length, { error: 'a scope is named twice' })
    .default([]),
  /** Stand above those of the settings. */
  claims: moreClaims.default({}),
})
export type JwtPermission = z.output<typeof jwtPermission>
