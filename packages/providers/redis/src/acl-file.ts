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
import { maxIdAheadMs, MayflyError } from '@mayfly/domain'
import { replyError } from './redis-error.ts'
import type { Node } from './redis-node.ts'
import type { NodeFacts } from './node-facts.ts'

/** ACL SAVE may take this share of a node's time. */
const shareOfTime = 0.01
/** Longer than any credential lives. */
const rememberedMs = 90 * 86_400_000

/** Where it is kept when the file was last written: at the target itself, so that other servers of Mayfly know it too. */
export interface FilePlace {
  readonly facts: NodeFacts
  readonly guardedBy: Node | undefined
  /** `mayfly:guard:acl:…`, of the node's slots. */
  readonly fileKey: string
}

export interface AclFile {
  /** Takes in what the node says of itself. */
  hear(place: FilePlace, signal: AbortSignal): Promise<void>
  /** How often it was heard that the file had been written: another number after it was. */
  writes(): number
  /** True where the file may name it, if it is there. */
  mayName(accountName: string): boolean
  /** It was made just now, whatever its name says of when it was meant to be: the file was not written since. */
  made(accountName: string): void
  /** These are removed, and the file may name them. */
  owe(names: readonly string[]): void
  /** Of these, what is owed; saved out first where it is time for that. @throws MayflyError where it cannot be saved */
  saveOut(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Writes the file now. @returns false where the node has none. @throws MayflyError */
  save(signal: AbortSignal): Promise<boolean>
}

export function aclFileOf(node: Node): AclFile {
  const owed = new Set<string>()
  /** Made since the file was written, with names from before that. */
  const fresh = new Set<string>()
  let last: FilePlace | undefined
  let saves = 0
  /** Of the node's run, by Mayfly's clock, at the latest. */
  let startedAtMs = 0
  /** It was not written after this moment, by Mayfly's clock; undefined: not since the start. */
  let writtenBy: Date | undefined
  let isAbsent = false
  let isSaving = false
  let notBeforeMs = 0
  let writes = 0
  let turn: Promise<unknown> = Promise.resolve()

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
    for (const name of covered) owed.delete(name)
    fresh.clear()
    saves += 1
    writes += 1
    writtenBy = new Date()
    await remember(signal)
    return true
  }

  async function remember(signal: AbortSignal): Promise<void> {
    if (last?.guardedBy === undefined || writtenBy === undefined) return
    const value = `${saves} ${writtenBy.getTime()}`
    try {
      await last.guardedBy.try('remember', [['SET', last.fileKey, value, 'PX', String(rememberedMs)]], signal)
    } catch (error) {
      // Forgotten then: the file is taken to be written later than it was, and saved once more than needed.
      if (signal.aborted || !(error instanceof MayflyError)) throw error
    }
  }

  async function recall(fileKey: string, signal: AbortSignal): Promise<Date | undefined> {
    const [value] = await node.try('recall', [['GET', fileKey]], signal)
    const [counted, at] = typeof value === 'string' ? value.split(' ').map(Number) : []
    return counted === saves && at !== undefined ? new Date(at) : undefined
  }

  async function hearNow(place: FilePlace, signal: AbortSignal): Promise<void> {
    const { runId, aclSaves } = place.facts
    const isFirst = last?.facts.runId !== runId
    // Each answer tells the start at the latest: the earliest of them is the closest.
    if (!isFirst) startedAtMs = Math.min(startedAtMs, place.facts.startedAt.getTime())
    else startedAtMs = place.facts.startedAt.getTime()
    if (!isFirst && saves === aclSaves) {
      last = place
      return
    }
    saves = aclSaves
    fresh.clear()
    const recalled = isFirst && saves > 0 ? await recall(place.fileKey, signal) : undefined
    last = place
    if (isFirst) isAbsent = false
    // When it was written, nobody can say: at the latest just now.
    writtenBy = saves > 0 ? (recalled ?? new Date()) : undefined
    if (recalled === undefined) await remember(signal)
    writes += 1
  }

  function mayName(accountName: string): boolean {
    if (last === undefined || isAbsent) return false
    // An id may be ahead of the moment at which it was made, and what is not suspected would come back.
    const suspectUntilMs = Math.max(startedAtMs - 1, writtenBy?.getTime() ?? 0) + maxIdAheadMs
    return madeAtMs(accountName) <= suspectUntilMs && !fresh.has(accountName)
  }

  return {
    hear(place, signal) {
      // In turn: what one is still recalling, another would take for unknown.
      const mine = turn.then(() => hearNow(place, signal))
      turn = mine.catch(() => undefined)
      return mine
    },
    writes: () => writes,
    mayName,
    made(accountName) {
      if (mayName(accountName)) fresh.add(accountName)
    },
    owe(names) {
      for (const name of names) {
        fresh.delete(name)
        owed.add(name)
      }
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

const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const valueOfCode = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, digits.indexOf(String.fromCodePoint(code))),
)

/**
 * When its credential's row was made: an account name is the id in base32, and the first 48 bits of a UUID of version 7
 * are milliseconds (RFC 9562 section 5.7): ten digits, since 26 of them hold two bits more than an id has.
 */
export function madeAtMs(accountName: string): number {
  let ms = 0
  for (let at = 3; at < 13; at += 1) ms = ms * 32 + (valueOfCode[accountName.charCodeAt(at)] ?? 0)
  return ms
}
