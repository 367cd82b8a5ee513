/** The limit of issuing X509-SVIDs: signing as many bytes as one has, with nothing encoded. Knows nothing of Mayfly's code. */
import { type KeyObject, sign } from 'node:crypto'

/** @returns signatures a second */
export function measureRawSigning(privateKey: KeyObject, sizeBytes: number, count: number): number {
  const bytes = Buffer.alloc(sizeBytes, 1)
  const startMs = performance.now()
  for (let at = 0; at < count; at += 1) sign('sha256', bytes, privateKey)
  return (count * 1_000) / (performance.now() - startMs)
}
