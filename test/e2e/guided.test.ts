import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/index.ts'
import { createOrdersTarget, type DevWorld, type OrdersTarget, startDevWorld } from './dev-world.ts'
import { startProcess } from './run-mayfly.ts'

const bin = fileURLToPath(new URL('../../packages/cli/bin/mayfly.cjs', import.meta.url))

/** A person at a terminal: `script` gives the command one, and each answer follows its question. */
async function atTerminal(world: DevWorld, args: readonly string[], answers: readonly (readonly [RegExp, string])[]) {
  const line = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  const running = startProcess('script', ['-qefc', line, '/dev/null'], {
    cwd: world.dir,
    env: { ...world.env },
    keepStdinOpen: true,
  })
  let read = 0
  for (const [question, answer] of answers) {
    await until(
      () => {
        const found = question.exec(running.stdout().slice(read))
        if (found === null) return false
        read += found.index + found[0].length
        return true
      },
      { describe: `it asks ${question}; it said:\n${running.stdout().slice(-2_000)}`, withinMs: 30_000 },
    )
    running.child.stdin?.write(`${answer}\n`)
  }
  const ran = await running.ended
  return { code: ran.code, shown: ran.stdout }
}

describe('`resource add postgres`, step by step', { timeout: 120_000 }, () => {
  let world: DevWorld
  let target: OrdersTarget
  beforeAll(async () => {
    world = await startDevWorld('guided')
    target = await createOrdersTarget()
    await world.json(['owner', 'add', 'payments', '--contact', '#payments', '--primary', 'ada@example.com'])
  }, 90_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
  })

  const options = () => {
    const { host, port } = target.database
    const settings = [`host=${host}`, `port=${port}`, 'tls.mode=disabled_loopback_only']
    const given = ['--owner', 'payments', '--environment', 'development', '--reach', 'data', '--data-class', 'internal']
    return given.concat(['--exposure', 'internal'], ...settings.map((one) => ['--setting', one]))
  }
  const state = async () => (await world.json<{ items: { name: string }[] }>(['resource', 'list'])).items

  test('it prints the setup, asks, tries it at the target and registers; what is typed as a secret is not shown', async () => {
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'postgres', ...options()],
      [
        [/has it been run\? \[y\/N\]/, 'y'],
        [/name of the resource/, 'orders-db'],
        [/database/, target.database.database],
        [/username/, target.login.username],
        [/password \(not shown\)/, target.login.password],
        [/name of its first role/, ''],
        [/member_of/, target.group],
      ],
    )
    expect(code, shown).toBe(0)
    expect(shown, 'the setup').toContain('$guide$')
    expect(shown).toMatch(/passed\s+\S*login/)
    expect(shown).not.toContain(target.login.password)
    const listed = await state()
    expect(listed.map(({ name }) => name)).toEqual(['orders-db'])
  })

  test('what the target refuses is not registered', async () => {
    const { code, shown } = await atTerminal(
      world,
      ['resource', 'add', 'postgres', '--name', 'other-db', ...options(), '--yes'],
      [
        [/database/, target.database.database],
        [/username/, target.login.username],
        [/password \(not shown\)/, 'not-the-password'],
        [/name of its first role/, ''],
        [/member_of/, target.group],
      ],
    )
    expect(code, shown).not.toBe(0)
    expect(shown).toContain('nothing was registered')
    expect((await state()).map(({ name }) => name)).not.toContain('other-db')
  })

  test('where nobody sits at a terminal all that is missing is named at once', async () => {
    const ran = await world.mayfly(['resource', 'add', 'postgres', '--name', 'third-db'])
    expect(ran.code).toBe(2)
    for (const flag of [
      '--owner',
      '--reach',
      '--setting host=…',
      '--secret password=…',
      '--permission member_of=…',
      '--yes',
    ]) {
      expect(ran.stderr).toContain(flag)
    }
  })

  test('a kind that is none is named, with those that are', async () => {
    const ran = await world.mayfly(['resource', 'add', 'oracle'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('`oracle` is not a kind of resource')
    expect(ran.stderr).toContain('postgres')
  })
})
