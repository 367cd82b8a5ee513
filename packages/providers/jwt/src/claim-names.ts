/** Claims that the issuer makes itself, or that speak for it: nothing that people write may stand in their place. */
const reserved: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'client_id',
  'azp',
  'scope',
  'authorization_details',
  'act',
  'may_act',
  'cnf',
  'status',
  'auth_time',
  'acr',
  'amr',
  'nonce',
  'sid',
  'events',
  'txn',
])

/** Also refused: what begins with `mayfly_`, the issuer's own names. */
export function isReservedClaim(name: string): boolean {
  return reserved.has(name.toLowerCase()) || name.toLowerCase().startsWith('mayfly_')
}
