import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { makeOutput } from './output.ts'

async function written(json: boolean, use: (out: ReturnType<typeof makeOutput>) => void, isTTY = false) {
  const stdout = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 40 })
  use(makeOutput({ stdout, stderr }, () => ({ json, progress: false })))
  stdout.end()
  stderr.end()
  return { stdout: await text(stdout), stderr: await text(stderr) }
}

test('data is alone on standard output', async () => {
  const use = (out: ReturnType<typeof makeOutput>) => {
    out.say('working')
    out.progress('half')
    out.result({ a: 1 }, () => 'a is 1')
  }
  expect(await written(false, use)).toEqual({ stdout: 'a is 1\n', stderr: 'mayfly: working\n' })
  expect((await written(true, use)).stdout).toBe('{\n  "a": 1\n}\n')
  expect((await written(false, use, true)).stderr, 'control: a terminal sees progress').toContain('half')
})

test('a failure is one line, its details and one hint', async () => {
  const { stderr } = await written(false, (out) =>
    out.fail({ message: 'no (x)', details: ['`/a`: bad'], hint: 'mend it', exitCode: 1 }),
  )
  expect(stderr).toBe('mayfly: error: no (x)\n  `/a`: bad\nmayfly: hint: mend it\n')
})

test('data of others cannot steer a terminal, and reaches a program as it is', async () => {
  const use = (out: ReturnType<typeof makeOutput>) => out.raw('a\u001b[2J\n\tb')
  expect((await written(false, use, true)).stdout).toBe('a\ufffd[2J\n\tb\n')
  expect((await written(false, use)).stdout, 'control').toBe('a\u001b[2J\n\tb\n')
})

test('text of others cannot steer the terminal', async () => {
  const { stderr } = await written(false, (out) => out.say('a\u001b[2Jb\nmayfly: done\u202e'))
  expect(stderr).toBe('mayfly: a\ufffd[2Jb mayfly: done\ufffd\n')
})
