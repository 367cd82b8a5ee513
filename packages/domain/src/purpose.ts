/**
 * What an identity is for, in words that help a stranger decide whether it may still exist.
 *
 * Promise: text without content is refused, with the fix. Limit: it cannot know whether the text is true.
 */

export const purposeMinLength = 12
export const purposeMaxLength = 1000
const minWords = 3

/** Words that fill a field without saying anything. */
const placeholders = new Set(
  (
    'asdf bla blah dummy example fixme foo bar baz lorem ipsum misc n/a na none nothing placeholder purpose qwerty ' +
    'some something stuff tba tbd temp temporary test testing tests thing things tmp to do todo unknown various xxx'
  ).split(' '),
)

/**
 * @param name the identity's own name: to repeat it says nothing
 * @returns what is wrong, and the fix; undefined where nothing is
 */
export function findPurposeFault(purpose: string, name?: string): string | undefined {
  const text = purpose.trim()
  if (text.length < purposeMinLength) {
    return `has ${text.length} characters; say in at least ${purposeMinLength} what it does and for whom`
  }
  if (text.length > purposeMaxLength) return `has ${text.length} characters; at most ${purposeMaxLength} fit`
  // A line break could pass for another line of a log or a report.
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text)) return 'holds control characters; write it as one plain line'
  const words = wordsOf(text)
  const own = new Set(name === undefined ? [] : wordsOf(name))
  const telling = new Set(words.filter((word) => word.length > 1 && !placeholders.has(word) && !own.has(word)))
  if (telling.size === 0 && own.size > 0 && words.some((word) => own.has(word))) {
    return 'only repeats the name; say what it does and for whom'
  }
  if (telling.size === 0) return 'only holds filler words; say what it does and for whom'
  if (words.length < minWords) return `has ${words.length} words; say in at least ${minWords} what it does and for whom`
  if (telling.size < 2) return 'says too little; say what it does and for whom'
  return undefined
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}/]+/u)
    .filter((word) => word !== '')
}
