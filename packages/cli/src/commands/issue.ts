/** `mayfly issue`: one credential, for people and tests. A program is better run by `mayfly run`, which also ends it. */
import { answerOf } from '@mayfly/client'
import { type Command, Option } from 'commander'
import { resolve } from 'node:path'
import type { Cli } from '../cli.ts'
import {
  credentialDocument,
  credentialEnvironment,
  defaultPrefix,
  type IssuedCredential,
  shellAssignments,
} from '../credential-fields.ts'
import { addExamples } from '../examples.ts'
import { formatRecord } from '../format-table.ts'
import { parseDuration } from '../parse-duration.ts'
import { collect, parseTextPairs } from '../parse-pairs.ts'
import { writePrivateFile } from '@mayfly/client/login'
import { readText } from '../read-text.ts'
import { UsageError } from '../usage-error.ts'

interface IssueOptions {
  readonly identity?: string
  readonly for?: string
  readonly task?: string
  readonly parameter?: readonly string[]
  readonly publicKey?: string
  readonly idempotencyKey?: string
  readonly output: 'fields' | 'env' | 'json' | 'file'
  readonly env?: string
  readonly file?: string
}

export function addIssueCommand(program: Command, cli: Cli): void {
  const issue = program
    .command('issue')
    .description('be issued one credential and print it, once: Mayfly keeps no secret that it could show again')
    .argument('<resource/role>', 'the role')
    .option('--identity <name>', 'the same as --as')
    .option('--for <span>', 'the life asked for, e.g. `15m`; what is granted may be shorter')
    .option('--task <id>', 'within this task')
    .option('--parameter <name=value>', 'what the role lets its holder choose; several times', collect)
    .option(
      '--public-key <file>',
      'a key of which only the holder has the private half: PEM, OpenSSH line, request or nkey',
    )
    .option('--idempotency-key <key>', 'the same key gives the same credential, without its secret')
    .addOption(
      new Option('--output <form>', 'how it is told: `env` for a shell, `file` with --file')
        .choices(['fields', 'env', 'json', 'file'])
        .default('fields'),
    )
    .option('--env <prefix>', 'names of the variables begin with this (default: from the resource)')
    .option('--file <path>', 'with `--output file`: JSON, readable by its owner only')
  addExamples(
    issue,
    'mayfly issue orders-db/readonly --for 15m --identity orders-api --key-file orders-api.jwk',
    'eval "$(mayfly issue orders-db/readonly --for 15m --output env)"',
  )
  issue.action(async (role: string, options: IssueOptions) => {
    const { output, env: prefix = defaultPrefix(role), file } = options
    if ((output === 'file') !== (file !== undefined)) {
      throw new UsageError('`--output file` and `--file PATH` go together', 'give both, or neither')
    }
    const { api } = await cli.connect(options.identity)
    const body = {
      role,
      ...(options.for !== undefined && { ttl_seconds: parseDuration(options.for) }),
      ...(options.task !== undefined && { task_id: options.task }),
      ...(options.parameter !== undefined && { parameters: parseTextPairs(options.parameter, '--parameter') }),
      ...(options.publicKey !== undefined && {
        public_key: (await readText(cli, options.publicKey)).trim(),
      }),
      ...(options.idempotencyKey !== undefined && { idempotency_key: options.idempotencyKey }),
    }
    const issued = await answerOf(api.POST('/v1/credentials', { body }))
    if (file === undefined) show(cli, issued, output, prefix)
    else await keep(cli, issued, resolve(cli.cwd, file))
    cli.out.say(`credential ${issued.credential_id} ${issued.state} until ${issued.expires_at}`)
    if (issued.fields === null) cli.out.say('the request was repeated: its secret was told once and is kept nowhere')
    else cli.out.say(`end it with \`mayfly revoke credential ${issued.credential_id}\``)
  })
}

function show(cli: Cli, issued: IssuedCredential, output: IssueOptions['output'], prefix: string): void {
  if (output === 'env') return cli.out.raw(shellAssignments(credentialEnvironment(issued, prefix)))
  if (output === 'json') return cli.out.raw(JSON.stringify(issued, null, 2))
  cli.out.result(issued, ({ fields }) => formatRecord(fields ?? {}))
}

async function keep(cli: Cli, issued: IssuedCredential, path: string): Promise<void> {
  await writePrivateFile(path, credentialDocument([issued]))
  const { fields: _fields, ...shown } = issued
  cli.out.result({ ...shown, file: path }, () => path)
}
