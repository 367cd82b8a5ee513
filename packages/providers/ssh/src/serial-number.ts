/**
 * A certificate's serial number, from its credential's id alone: 41 bits of its milliseconds since 2020, then 23 of its
 * random ones. Nothing has to be asked for it, and lists are in the order of issue.
 *
 * Two of one millisecond are alike once in 8 million: the end of one is then the end of the other.
 */
import type { CredentialId } from '@mayfly/domain'

const epochMs = 1_577_836_800_000n
const randomBits = 23n

export function serialOf(credentialId: CredentialId): bigint {
  const bits = BigInt(`0x${credentialId.replaceAll('-', '')}`)
  const sinceMs = (bits >> 80n) - epochMs
  return (BigInt.asUintN(41, sinceMs) << randomBits) | (bits & ((1n << randomBits) - 1n))
}
