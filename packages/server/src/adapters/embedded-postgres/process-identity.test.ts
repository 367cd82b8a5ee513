import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { identifyProcess, parseProcStat } from './process-identity.ts'

test('a name with brackets and spaces does not shift the fields', () => {
  const rest = Array.from({ length: 18 }, (_, index) => String(index)).join(' ')
  expect(parseProcStat(`42 (a) b (c) S ${rest} 987654 0`)).toEqual({ state: 'S', startTicks: '987654' })
})

test('a living process has an identity that stays, a dead one has none', async () => {
  const own = await identifyProcess(process.pid)
  expect(own).toBeDefined()
  expect(await identifyProcess(process.pid)).toBe(own)
  const child = spawn(process.execPath, ['-e', '0'])
  await once(child, 'exit')
  expect(await identifyProcess(child.pid ?? 0)).toBeUndefined()
})
