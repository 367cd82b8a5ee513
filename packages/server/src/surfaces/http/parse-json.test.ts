import { MayflyError } from '@mayfly/domain'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxDepth, maxMembers, parseJson } from './parse-json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function refusal(text: string | Uint8Array): MayflyError {
  try {
    parseJson(typeof text === 'string' ? bytes(text) : text)
  } catch (error) {
    if (error instanceof MayflyError) return error
  }
  throw new Error('it was taken')
}

describe('JSON of a request', () => {
  test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!text.includes('__proto__'))
        expect(parseJson(bytes(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  test('a member that stands twice is refused, also where one is escaped', () => {
    expect(refusal('{"a":1,"a":2}').code).toBe('request_malformed')
    expect(refusal(String.raw`{"a":1,"\u0061":2}`).code).toBe('request_malformed')
    expect(refusal('[{"x":{"a":1,"b":[{"a":1}],"a":2}}]').code).toBe('request_malformed')
    expect(parseJson(bytes('[{"a":1},{"a":2},{"b":"a\\":{}","a":[]}]')), 'control').toHaveLength(3)
  })

  test('`__proto__` is refused however it is written', () => {
    expect(refusal('{"__proto__":{"admin":true}}').code).toBe('request_malformed')
    expect(refusal(String.raw`{"\u005f_proto__":1}`).code).toBe('request_malformed')
    expect(parseJson(bytes('{"a":"__proto__"}')), 'control: as a value').toEqual({ a: '__proto__' })
  })

  test('depth and number of members are bounded', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(parseJson(bytes(nested(maxDepth))), 'control').toBeInstanceOf(Array)
    expect(refusal(nested(maxDepth + 1)).options.publicDetail).toContain(`deeper than ${maxDepth}`)
    expect(refusal(`[${'1,'.repeat(maxMembers + 1)}1]`).options.publicDetail).toContain('members')
  })

  test('what is not UTF-8 or not JSON is refused, and its text is not repeated', () => {
    expect(refusal(new Uint8Array([0x22, 0xff, 0x22])).options.publicDetail).toBe('the body is not UTF-8')
    const error = refusal('{"password": hunter2}')
    expect(JSON.stringify(error.options)).not.toContain('hunter2')
    expect(error.cause).toBeUndefined()
  })
})
