import { MayflyError } from '@mayfly/domain'
import { hostileTexts } from '@mayfly/provider-kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aclRule } from './acl-rule.ts'
import { redisPermission } from './redis-permission.ts'

const parse = (permission: object) => redisPermission.parse(permission)

function faultOf(permission: object): string {
  const result = redisPermission.safeParse(permission)
  return result.success ? '' : result.error.issues.map((one) => `${one.path.join('.')}: ${one.message}`).join('; ')
}

test('what administers is taken away last, whatever was given', () => {
  const rule = aclRule(parse({ categories: ['write'], commands: ['scan'], keys: ['a:*'], channels: ['c'] }), {})
  expect(rule.slice(0, 5)).toEqual(['resetkeys', 'resetchannels', '~a:*', '&c', '-@all'])
  const at = (word: string) => rule.indexOf(word)
  expect(at('+@write')).toBeLessThan(at('-scan'))
  expect(at('-scan')).toBeLessThan(at('+scan'))
  for (const word of ['-@admin', '-@dangerous', '-acl', '-function']) expect(at(word)).toBeGreaterThan(at('+scan'))
})

test('keys are for reading, for writing, or both', () => {
  const keys = ['a', { pattern: 'b', access: 'read' }, { pattern: 'c', access: 'write' }]
  expect(aclRule(parse({ categories: ['read'], keys }), {})).toEqual(expect.arrayContaining(['~a', '%R~b', '%W~c']))
})

test('a permission names commands, and nothing that administers', () => {
  expect(faultOf({})).toContain('categories: names no command')
  expect(faultOf({ keys: ['*'] })).toContain('names no command')
  expect(faultOf({ categories: ['admin'] })).toContain('categories.0')
  expect(faultOf({ categories: ['read'], sql: 'x' })).toContain('sql')
  for (const name of [
    'acl',
    'acl|setuser',
    'config|get',
    'keys',
    'flushall',
    'function|load',
    'client',
    'client|kill',
  ]) {
    expect(faultOf({ commands: [name] }), name).toContain('never permitted')
  }
  for (const name of ['@all', '+get', 'GET', 'get ~*', 'get\n', '', '-get']) {
    expect(faultOf({ commands: [name] }), name).toContain('commands.0')
  }
})

test('no text ends a word or begins another', () => {
  const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom(...hostileTexts))
  fc.assert(
    fc.property(texts, texts, (key, channel) => {
      const permission = { categories: ['read' as const], commands: [], keys: [key], channels: [channel] }
      try {
        const rule = aclRule(permission, {})
        const words = rule.filter((word) => /^[~&%]/.test(word) || !/^[\x21-\x7e]+$/.test(word))
        expect(words).toEqual([`~${key}`, `&${channel}`])
        expect(`${key}${channel}`).toMatch(/^[!#-&*-~]+$/)
      } catch (error) {
        if (!(error instanceof MayflyError) || error.code !== 'request_invalid') throw error
      }
    }),
  )
})

test('a parameter’s value holds no character that means something in a pattern', () => {
  const permission = parse({ categories: ['read'], keys: ['a:{{x}}:*'] })
  expect(aclRule(permission, { x: 'A-z_0.9' })).toContain('~a:A-z_0.9:*')
  fc.assert(
    fc.property(fc.string(), (x) => {
      try {
        expect(aclRule(permission, { x })).toContain(`~a:${x}:*`)
        expect(x).toMatch(/^[A-Za-z0-9_.-]+$/)
      } catch (error) {
        if (!(error instanceof MayflyError)) throw error
      }
    }),
  )
})
