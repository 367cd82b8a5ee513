/**
 * The limit of verifying: reading the same bundles and hashing the same bytes, every leaf once and every node once, with
 * nothing parsed, compared or checked. A tree of n leaves has n - 1 nodes, each 65 bytes.
 */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** @returns seconds */
export async function measureRawHashing(bundles: readonly string[]): Promise<number> {
  const node = Buffer.alloc(65, 1)
  let leaf = Buffer.alloc(0)
  const startMs = performance.now()
  for (const file of bundles) {
    const bytes = await readFile(file)
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt16BE(at)
      if (leaf.length !== length + 1) leaf = Buffer.alloc(length + 1)
      bytes.copy(leaf, 1, at + 2, at + 2 + length)
      hash('sha256', leaf, 'buffer').copy(node, 1)
      hash('sha256', node, 'buffer')
      at += 2 + length
    }
  }
  return (performance.now() - startMs) / 1_000
}
