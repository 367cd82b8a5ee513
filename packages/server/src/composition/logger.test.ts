import { MayflyError } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { makeLogger } from './logger.ts'

function logged(write: (logger: ReturnType<typeof makeLogger>) => void): string {
  const lines: string[] = []
  write(makeLogger('info', { write: (line) => void lines.push(line) }))
  return lines.join('')
}

test('a secret prints as such wherever it stands', () => {
  const secret = new Secret('hunter2')
  const text = logged((logger) => {
    logger.info({ secret, deep: { list: [secret] } }, 'with secrets')
    logger.error({ err: new MayflyError('internal', { cause: secret }) }, 'and in an error')
  })
  expect(text).not.toContain('hunter2')
  expect(text).toContain('[secret]')
})

test('of a foreign error only name, code, message and stack are kept', () => {
  const error = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(ada@example.org)' })
  const text = logged((logger) => logger.error({ err: new MayflyError('name_taken', { cause: error }) }, 'refused'))
  expect(text).not.toContain('ada@example.org')
  expect(text).toContain('"code":"name_taken"')
  expect(text).toContain('"code":"23505"')
})

test('below its level nothing is written', () => {
  expect(logged((logger) => logger.debug({}, 'quiet'))).toBe('')
})
