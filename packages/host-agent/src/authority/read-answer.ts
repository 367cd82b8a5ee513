/** Fields of an answer, each checked: what is not as agreed is refused, not guessed at. */
import { AuthorityError } from './authority.ts'

export type Answer = Readonly<Record<string, unknown>>

export function readObject(value: unknown, what: string): Answer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unusable(what)
  return value as Answer
}

export function readText(from: Answer, field: string): string {
  const value = from[field]
  if (typeof value !== 'string' || value === '') throw unusable(field)
  return value
}

export function readTime(from: Answer, field: string): number {
  const ms = Date.parse(readText(from, field))
  if (Number.isNaN(ms)) throw unusable(field)
  return ms
}

export function readList(from: Answer, field: string, most: number): readonly unknown[] {
  const value = from[field]
  if (!Array.isArray(value) || value.length > most) throw unusable(field)
  return value as readonly unknown[]
}

export function readBase64(value: unknown, field: string): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw unusable(field)
  return Buffer.from(value, 'base64')
}

/** @returns undefined where it is absent */
export function findWholeNumber(from: Answer, field: string): number | undefined {
  const value = from[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw unusable(field)
  return value
}

function unusable(field: string): AuthorityError {
  return new AuthorityError('answer_unusable', `the answer of the server has no usable \`${field}\``)
}
