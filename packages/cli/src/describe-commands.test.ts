import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import type { Cli } from './cli.ts'
import { describeCommands } from './describe-commands.ts'
import { examplesOf } from './examples.ts'
import { createProgram } from './program.ts'

const program = createProgram({ out: {} } as Cli)

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

describe.each(leaves(program).map((command) => [nameOf(command), command] as const))('%s', (name, command) => {
  test('says what it does and shows how', () => {
    expect(command.description()).not.toBe('')
    expect(examplesOf(command).length).toBeGreaterThan(0)
    for (const example of examplesOf(command)) expect(example).toContain(name.split(' ').slice(0, 2).join(' '))
  })

  test('takes no secret as an argument', () => {
    const secret = command.options.filter(({ long }) => /password|secret|token|key$/.test(long ?? ''))
    for (const { flags } of secret) expect(flags, 'only where it is').toMatch(/<(file|name|name=source|key)>/)
  })
})

test('the reference page has every command', () => {
  const page = describeCommands()
  for (const command of leaves(program)) expect(page).toContain(`## \`${nameOf(command)}\``)
})
