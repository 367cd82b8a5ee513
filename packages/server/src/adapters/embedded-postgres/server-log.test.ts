import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { parseServerLogLine, readServerLog } from './server-log.ts'

test.for([
  ['17 LOG:  database system is ready', 'info', 'LOG', 'database system is ready'],
  [
    '17 FATAL:  password authentication failed for user "x"',
    'warn',
    'FATAL',
    'password authentication failed for user "x"',
  ],
  ['17 PANIC:  could not write', 'error', 'PANIC', 'could not write'],
  ['setpriv: no such file', 'warn', 'NONE', 'setpriv: no such file'],
] as const)('the line %j is understood', ([line, level, severity, message]) => {
  expect(parseServerLogLine(line)).toEqual({ level, severity, message })
})

test('lines cut in two by the pipe are put together, and the last twenty are kept', async () => {
  const logged: string[] = []
  const log = (_fields: object, message: string): void => void logged.push(message)
  const lines = Array.from({ length: 25 }, (_, number) => `1 LOG:  line ${number}`).join('\n')
  const stream = Readable.from([lines.slice(0, 11), lines.slice(11)])
  const read = readServerLog([stream], { info: log, warn: log, error: log }, () => {})
  await read.ended
  expect(logged).toHaveLength(25)
  expect(logged[1]).toBe('line 1')
  expect(read.tail().split('; ')).toEqual(logged.slice(5))
})
