import { expect, test } from 'vitest'
import { findProgram } from '../../support/servers/find-program.ts'
import { useServer } from '../../support/index.ts'

test('whoever asks for a shared server gets the same one', async () => {
  const [first, second] = await Promise.all([useServer('redis'), useServer('redis')])
  expect(first).toEqual(second)
  expect(first.port).toBeGreaterThan(0)
})

test('a program that cannot be had stops the suite with its name', async () => {
  const wanted = findProgram({ names: ['no-such-daemon'], debianPackage: 'mayfly-no-such-package' })
  await expect(wanted).rejects.toThrow(/no-such-(daemon|package)/)
})
