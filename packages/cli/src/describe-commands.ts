/** The reference page of the commands, made from their definitions. */
import type { Command } from 'commander'
import { examplesOf } from './examples.ts'
import { createProgram } from './program.ts'
import type { Cli } from './cli.ts'

const intro = `# Command line

Made from the commands themselves by \`npm run generate\`; do not edit.

Data goes to standard output, everything else to standard error. Every command takes \`--json\` and then prints one JSON
document; a list is \`{ "items": [], "next_cursor": null }\`. Spans are written \`90s\`, \`15m\`, \`8h\`, \`1d\`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong usage |
| 3 | denied: who asks is not known, or may not |
| 4 | try again later |

\`mayfly run\` ends with the exit code of its command, or 128 + n where signal n ended it.
`

export function describeCommands(): string {
  // Nothing is run, so nothing of the process is needed.
  const program = createProgram({ out: {} } as Cli)
  const sections = [describe(program, '##', 'Options of every command')]
  for (const command of leaves(program)) sections.push(describe(command, '##', nameOf(command)))
  return `${[intro, ...sections].join('\n').trimEnd()}\n`
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function describe(command: Command, level: string, title: string): string {
  const help = command.createHelp()
  const isProgram = command.parent === null
  const lines = [`${level} ${isProgram ? title : `\`${title}\``}`, '']
  if (!isProgram) {
    const usage = help.commandUsage(command)
    lines.push(`${command.description()}.`, '', '```', usage, '```', '')
  }
  const terms = [
    ...help.visibleArguments(command).map((one) => [one.name(), help.argumentDescription(one)] as const),
    ...help
      .visibleOptions(command)
      .filter((one) => isProgram || one.long !== '--help')
      .map((one) => [one.flags, help.optionDescription(one)] as const),
  ]
  if (terms.length > 0) {
    lines.push('| | |', '|---|---|', ...terms.map(([term, what]) => `| \`${escape(term)}\` | ${escape(what)} |`), '')
  }
  const examples = examplesOf(command)
  if (examples.length > 0) lines.push('```', ...examples.map((line) => `$ ${line}`), '```', '')
  return lines.join('\n')
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|')
}
