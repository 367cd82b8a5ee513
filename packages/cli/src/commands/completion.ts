/** `mayfly completion`: what a shell offers at the Tab key, made from the commands themselves. */
import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'

const shells = ['bash', 'zsh', 'fish'] as const

export function addCompletionCommand(program: Command, cli: Cli): void {
  const completion = program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
  addExamples(
    completion,
    'source <(mayfly completion bash)',
    'mayfly completion zsh > "${fpath[1]}/_mayfly"',
    'mayfly completion fish > ~/.config/fish/completions/mayfly.fish',
  )
  completion.action((shell: (typeof shells)[number]) => cli.out.raw(scripts[shell](completionsOf(program))))
}

interface Completions {
  /** The command so far, e.g. `mayfly task`; empty for the program itself. */
  readonly path: string
  readonly words: readonly string[]
}

function completionsOf(program: Command): readonly Completions[] {
  const global = program.options.flatMap(({ long }) => long ?? [])
  const visit = (command: Command, path: string): Completions[] => [
    {
      path,
      words: [
        ...command.commands.map((one) => one.name()),
        ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
        ...command.options.flatMap(({ long }) => long ?? []),
        ...(path === '' ? [] : global),
        '--help',
      ],
    },
    ...command.commands.flatMap((one) => visit(one, `${path} ${one.name()}`.trim())),
  ]
  return visit(program, '')
}

function bash(all: readonly Completions[]): string {
  return `# bash completion of mayfly: source <(mayfly completion bash)
_mayfly() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path='' word i words
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -- ]] && return
    [[ $word == -* ]] && continue
    case "$path $word" in
${all
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      ' ${path}' | '${path}') path='${path}' ;;`)
  .join('\n')}
    esac
  done
  case "$path" in
${all.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && compopt -o default
}
complete -F _mayfly mayfly
`
}

/** zsh runs the bash completion: one script to keep right. */
function zsh(all: readonly Completions[]): string {
  return `#compdef mayfly\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`
}

function fish(all: readonly Completions[]): string {
  const lines = all.flatMap(({ path, words }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ')
    const plain = words.filter((word) => !word.startsWith('-'))
    const long = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2))
    return [
      ...(plain.length === 0 ? [] : [`complete -c mayfly -f -n '${condition}' -a '${plain.join(' ')}'`]),
      ...long.map((word) => `complete -c mayfly -n '${condition}' -l ${word}`),
    ]
  })
  return `# fish completion of mayfly\n${lines.join('\n')}\n`
}

const scripts = { bash, zsh, fish } as const
