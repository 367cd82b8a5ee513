/**
 * Reads the JSON of a request so that it has one reading only.
 *
 * Promise: duplicate keys, `__proto__`, text that is not UTF-8 or that PostgreSQL cannot hold, deep nesting and very many
 * members are refused, so that what was checked is what is used. Messages never repeat the input, which may hold a secret.
 */
import { MayflyError } from '@mayfly/domain'

export const maxDepth = 32
export const maxMembers = 20_000

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws MayflyError `request_malformed` */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw malformed(`the body is not JSON${positionOf(cause)}`)
  }
  refuseSecondReadings(text)
  return value
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed('the body is not UTF-8')
  }
}

interface Level {
  /** The keys so far; undefined in an array. */
  readonly keys: Set<string> | undefined
  /** In an object: true between `{` or `,` and the colon. */
  atKey: boolean
}

/** The text is valid JSON when this is called, so structure can be told from single characters. */
function refuseSecondReadings(text: string): void {
  const levels: Level[] = []
  let level: Level | undefined
  let members = 0
  const escaped = text.includes('\\u')
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at)
        if (escaped) refuseUnstorable(text.slice(at, end + 1))
        if (level?.keys !== undefined && level.atKey) addKey(level.keys, text.slice(at, end + 1))
        at = end
        break
      }
      case 0x7b:
      case 0x5b:
        if (levels.length === maxDepth) throw malformed(`the body is nested deeper than ${maxDepth}`)
        level = text.charCodeAt(at) === 0x7b ? { keys: new Set(), atKey: true } : { keys: undefined, atKey: false }
        levels.push(level)
        break
      case 0x7d:
      case 0x5d:
        levels.pop()
        level = levels.at(-1)
        break
      case 0x3a:
        if (level !== undefined) level.atKey = false
        break
      case 0x2c:
        if (++members > maxMembers) throw malformed(`the body has more than ${maxMembers} members`)
        if (level?.keys !== undefined) level.atKey = true
        break
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at += 1
    else if (code === 0x22) return at
  }
}

/** Only an escape can write them: a zero character, which PostgreSQL's text has not, and half of a surrogate pair. */
function refuseUnstorable(quoted: string): void {
  if (!quoted.includes('\\u')) return
  const value = JSON.parse(quoted) as string
  // With the `u` flag a pair of surrogates is one character of another category, so this finds lone ones only.
  if (value.includes('\0') || /\p{Surrogate}/u.test(value)) {
    throw malformed('the body holds a zero character or half of a surrogate pair', 'send text that is whole Unicode')
  }
}

function addKey(keys: Set<string>, quoted: string): void {
  // An escape is another way to write the same key.
  const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  if (key === '__proto__') throw malformed('the body has a member `__proto__`')
  if (keys.has(key)) throw malformed('the body has the same member twice', 'write each member of an object once')
  keys.add(key)
}

function positionOf(error: unknown): string {
  const position = error instanceof Error ? /\(line \d+ column \d+\)/.exec(error.message)?.[0] : undefined
  return position === undefined ? '' : ` ${position}`
}

function malformed(publicDetail: string, hint?: string): MayflyError {
  return new MayflyError('request_malformed', { publicDetail, ...(hint !== undefined && { hint }) })
}
