/**
 * Users that somebody saved: they would come back with the next start of a node, or with ACL LOAD.
 *
 * Mayfly saves no credential. But ACL SAVE writes down whoever is there, and Mayfly needs it itself when it changes the
 * password of its own login. What stood in the file is then saved out once it is removed. ACL SAVE stops the node (0.3 to
 * 2 ms a user), so it is never done for one credential: at most one hundredth of a node's time goes to it, and what has
 * to wait stays due.
 *
 * Which names may be in the file is told by when they were made: before the file was last written (INFO counts that), or
 * before the node started.
 * Limit: where users stand in redis.conf (CONFIG REWRITE) nobody but its administrator can take them out.
 */
import { MayflyError } from '@mayfly/domain'
import { credentialOfAccountName } from '@mayfly/provider-kit'
import { replyError } from './redis-error.ts'
import type { Node } from './redis-node.ts'
import type { NodeFacts } from './node-facts.ts'

/** ACL SAVE may take this share of a node's time. */
const shareOfTime = 0.01

export interface AclFile {
  /** Takes in what the node says of itself. @returns true where the file was written since it was last heard of */
  hear(facts: NodeFacts): boolean
  /** True where the file may name it, if it is there. */
  mayName(accountName: string): boolean
  /** These are removed, and the file may name them. */
  owe(names: readonly string[]): void
  /** Of these, what is owed; saved out first where it is time for that. @throws MayflyError where it cannot be saved */
  saveOut(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Writes the file now. @returns false where the node has none. @throws MayflyError */
  save(signal: AbortSignal): Promise<boolean>
}

export function aclFileOf(node: Node): AclFile {
  const owed = new Set<string>()
  let last: NodeFacts | undefined
  /** It was not written after this moment, by Mayfly's clock; undefined: not since the start. */
  let writtenBy: Date | undefined
  let isAbsent = false
  let isSaving = false
  let notBeforeMs = 0

  async function save(signal: AbortSignal): Promise<boolean> {
    const covered = [...owed]
    const startMs = performance.now()
    const [reply] = await node.try('save', [['ACL', 'SAVE']], signal)
    const endMs = performance.now()
    notBeforeMs = endMs + (endMs - startMs) / shareOfTime
    if (reply instanceof Error) {
      if (!/not configured to use an ACL file/i.test(reply.message)) throw replyError(reply, `save at ${node.id}`)
      isAbsent = true
      owed.clear()
      return false
    }
    writtenBy = new Date()
    for (const name of covered) owed.delete(name)
    return true
  }

  return {
    hear(facts) {
      const before = last
      last = facts
      if (before?.runId !== facts.runId) {
        // When it was written since the start, nobody can say: at the latest just now.
        writtenBy = facts.aclSaves > 0 ? new Date() : undefined
        isAbsent = false
        return facts.aclSaves > 0
      }
      if (before.aclSaves === facts.aclSaves) return false
      writtenBy = new Date()
      return true
    },
    mayName(accountName) {
      if (last === undefined || isAbsent) return false
      const madeAt = madeAtOf(accountName)
      return madeAt < last.startedAt || (writtenBy !== undefined && madeAt <= writtenBy)
    },
    owe(names) {
      for (const name of names) owed.add(name)
    },
    async saveOut(names, signal) {
      if (!isSaving && performance.now() >= notBeforeMs && names.some((name) => owed.has(name))) {
        isSaving = true
        try {
          await save(signal)
        } finally {
          isSaving = false
        }
      }
      return names.filter((name) => owed.has(name))
    },
    save,
  }
}

/** An account name is its credential's id, and a UUID of version 7 begins with when it was made (RFC 9562 section 5.7). */
function madeAtOf(accountName: string): Date {
  const credentialId = credentialOfAccountName(accountName)
  if (credentialId === undefined) throw new MayflyError('internal', { log: 'redis: not the name of a credential' })
  return new Date(Number.parseInt(credentialId.replaceAll('-', '').slice(0, 12), 16))
}
