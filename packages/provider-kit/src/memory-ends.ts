/** What has ended, in memory: for tries before anything is registered, and for tests of providers. */
import type { CredentialId } from '@mayfly/domain'
import type { AccountHandle } from './provider.ts'
import type { EndedCredential, PublishedEnds } from './self-contained.ts'

export interface MemoryEnds extends PublishedEnds {
  /** What the transaction of a revocation does, before the target is touched. */
  end(handles: readonly AccountHandle[], expiresAt: Date): void
}

/** @param url where its documents would be published; default `https://mayfly.example/published/test` */
export function createMemoryEnds(url = 'https://mayfly.example/published/test'): MemoryEnds {
  const ended = new Map<CredentialId, EndedCredential>()
  let number = 0
  let last: Promise<unknown> = Promise.resolve()
  function listEnded(): readonly EndedCredential[] {
    const live = [...ended.values()].filter((one) => one.expiresAt > new Date())
    return live.toSorted((a, b) => (a.credentialId < b.credentialId ? -1 : 1))
  }

  return {
    url,
    end(handles, expiresAt) {
      for (const { credentialId, accountName, targetKey } of handles) {
        const key = targetKey === undefined ? {} : { targetKey }
        const endedAt = new Date()
        const cause = 'requested_by_operator'
        ended.set(credentialId, { credentialId, accountName, ...key, endedAt, expiresAt, cause })
      }
    },
    // Nobody registers here what is issued: all that is asked for has been.
    issued: async (ids) => new Set(ids),
    ended: async (ids) => new Set(ids.filter((id) => ended.has(id))),
    listEnded: async () => listEnded(),
    async longOver(targetKeys) {
      const over = [...ended.values()].filter((one) => one.expiresAt.getTime() < Date.now() - 600_000)
      const known = new Set(over.map((one) => one.targetKey))
      return new Set(targetKeys.filter((key) => known.has(key)))
    },
    async nextList() {
      number += 1
      return { number, ended: listEnded() }
    },
    exclusively(work) {
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
