/** Which attestations are known to have ended: so that one that ends while it is still on its way to us is not believed. */
export interface EndedAttestations {
  add(attestationId: string): void
  has(attestationId: string): boolean
}

const maxRemembered = 10_000

export function makeEndedAttestations(): EndedAttestations {
  const ended = new Set<string>()
  return {
    has: (attestationId) => ended.has(attestationId),
    add(attestationId) {
      ended.add(attestationId)
      for (const oldest of ended) {
        if (ended.size <= maxRemembered) break
        ended.delete(oldest)
      }
    },
  }
}
