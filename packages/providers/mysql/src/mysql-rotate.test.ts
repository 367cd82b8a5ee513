import { MayflyError } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { parseAccount } from './mysql-rotate.ts'

test.for([
  ['app', { user: 'app', host: '%' }],
  ['app@10.0.0.%', { user: 'app', host: '10.0.0.%' }],
  [`'app'@'%'`, { user: 'app', host: '%' }],
  ['`app`@`localhost`', { user: 'app', host: 'localhost' }],
  ['a@b@localhost', { user: 'a@b', host: 'localhost' }],
] as const)('%s is an account', ([text, account]) => {
  expect(parseAccount(text)).toEqual(account)
})

test.for(['', '@%', 'app@', `''@'%'`, 'a'.repeat(400)])('`%s` is none', (text) => {
  expect(() => parseAccount(text)).toThrow(MayflyError)
})
