/** SHA-256 of the program that a process runs: of the very file, not of what has its name by now. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

export interface ExecutableDigests {
  /**
   * @param path `/proc/…/exe`
   * @returns hex; undefined where this agent may not read it, or it is larger than is hashed
   */
  digestOf(path: string): Promise<string | undefined>
}

const maxRemembered = 1_000

export function makeExecutableDigests(maxBytes: number): ExecutableDigests {
  const known = new Map<string, Promise<string | undefined>>()

  async function digestOf(path: string): Promise<string | undefined> {
    const file = await open(path, 'r').catch(() => undefined)
    if (file === undefined) return undefined
    try {
      const before = await file.stat({ bigint: true })
      if (!before.isFile() || before.size > BigInt(maxBytes)) return undefined
      // Each change of the content moves ctime, which nobody can set.
      const stamp = [before.dev, before.ino, before.size, before.mtimeNs, before.ctimeNs].join('/')
      const remembered = known.get(stamp)
      if (remembered !== undefined) return await remembered
      const underWay = hash()
      known.set(stamp, underWay)
      for (const oldest of known.keys()) {
        if (known.size <= maxRemembered) break
        known.delete(oldest)
      }
      const digest = await underWay
      const after = await file.stat({ bigint: true })
      if (after.ctimeNs === before.ctimeNs && after.size === before.size) return digest
      known.delete(stamp)
      return undefined
    } finally {
      await file.close()
    }

    async function hash(): Promise<string | undefined> {
      const digest = createHash('sha256')
      const buffer = Buffer.allocUnsafe(1 << 20)
      for (let at = 0; ;) {
        const { bytesRead } = (await file?.read(buffer, 0, buffer.length, at)) ?? { bytesRead: 0 }
        if (bytesRead === 0) break
        digest.update(buffer.subarray(0, bytesRead))
        at += bytesRead
        if (at > maxBytes) return undefined
      }
      return digest.digest('hex')
    }
  }
  return { digestOf }
}
