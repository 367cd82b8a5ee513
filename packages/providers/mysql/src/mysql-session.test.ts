import { expect, test } from 'vitest'
import { isAdministrators } from './mysql-session.ts'

test.for([
  ['GRANT USAGE ON *.* TO `mayfly`@`%` IDENTIFIED BY PASSWORD', false],
  ['GRANT EXECUTE ON `mayfly`.* TO `mayfly`@`%`', false],
  ['GRANT `app` TO `mayfly`@`%`', false],
  ['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION', true],
  ['GRANT CREATE USER ON *.* TO `mayfly`@`%`', true],
  ['GRANT SELECT, PROCESS ON *.* TO `mayfly`@`%`', true],
  ['GRANT CONNECTION_ADMIN ON *.* TO `mayfly`@`%`', true],
] as const)('%s: rights of an administrator: %s', ([grant, expected]) => {
  expect(isAdministrators(grant)).toBe(expected)
})
