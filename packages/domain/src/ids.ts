/**
 * Identifiers: UUID version 7 (RFC 9562 section 5.7), so that rows made together lie together in an index.
 *
 * Each kind of id has a type of its own: an identity's id where a task's is wanted does not compile.
 */
declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type TenantId = Id<'tenant'>
export type PersonId = Id<'person'>
export type OwnerId = Id<'owner'>
export type IdentityId = Id<'identity'>
export type ResourceId = Id<'resource'>
export type RoleId = Id<'role'>
export type TrustProviderId = Id<'trust_provider'>
export type BindingId = Id<'binding'>
export type JoinTokenId = Id<'join_token'>
export type AttestationId = Id<'attestation'>
export type TaskId = Id<'task'>
export type PolicyVersionId = Id<'policy_version'>
export type DecisionId = Id<'decision'>
export type CredentialId = Id<'credential'>
export type RevocationId = Id<'revocation'>
export type EntryId = Id<'entry'>
export type X509AuthorityId = Id<'x509_authority'>
export type SvidId = Id<'svid'>
export type FederationId = Id<'federation'>
export type StatusListId = Id<'status_list'>
export type OfflineSiteId = Id<'offline_site'>
export type SignInId = Id<'sign_in'>

/** The tenant of everyone who does not ask for more than one. */
export const defaultTenantId = '00000000-0000-7000-8000-000000000001' as TenantId

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isId(text: string): boolean {
  return uuidShape.test(text)
}

let lastMs = 0
let counter = 0

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

// Drawn 512 ids at a time: a draw costs several times as much as all the rest of an id.
let pool = new Uint8Array(0)
let drawn = 0

function takeRandomBytes(): Uint8Array {
  if (drawn === pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(4_096))
    drawn = 0
  }
  drawn += 8
  return pool.subarray(drawn - 8, drawn)
}

/** What a burst of ids, or a clock that is put right, may be ahead by. */
export const maxIdAheadMs = 1_000

/**
 * Makes a new id. Ids made by one process in one millisecond still sort in the order in which they were made
 * (RFC 9562 section 6.2, method 1: a 12-bit counter in `rand_a`), also where the clock goes back a little. Where it goes
 * back by more than a second its time is followed: an id never tells a time that is further ahead.
 */
export function newId<T extends string>(nowMs: number = Date.now()): T {
  if (nowMs > lastMs || nowMs < lastMs - maxIdAheadMs) {
    lastMs = nowMs
    counter = 0
  } else if (++counter > 0xfff) {
    lastMs += 1
    counter = 0
  }
  const bytes = takeRandomBytes()
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x80
  const time = lastMs.toString(16).padStart(12, '0')
  let random = ''
  for (const byte of bytes) random += hexOfByte[byte]
  const version = `7${counter.toString(16).padStart(3, '0')}`
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${random.slice(0, 4)}-${random.slice(4)}` as T
}
