/** `mayfly run`: a command with credentials that live as long as it does. */
import type { Command } from 'commander'
import { rm } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Cli, Environment } from '../cli.ts'
import {
  credentialDocument,
  credentialEnvironment,
  defaultPrefix,
  type IssuedCredential,
} from '../credential-fields.ts'
import { describeFailure } from '../describe-failure.ts'
import { addExamples } from '../examples.ts'
import { parseDuration } from '../parse-duration.ts'
import { collect } from '../parse-pairs.ts'
import { writePrivateFile } from '@mayfly/client/login'
import { type Hold, holdCredentials } from '../run/hold-credentials.ts'
import { catchSignals, type SignalCatcher, superviseChild } from '../run/supervise-child.ts'
import { UsageError } from '../usage-error.ts'

interface RunOptions {
  readonly role: readonly string[]
  readonly identity?: string
  readonly for?: string
  readonly task?: string
  readonly purpose?: string
  readonly env?: readonly string[]
  readonly file?: string
}

/** How long the end may take before the command's exit code is passed on without its confirmation. */
const endTimeoutMs = 30_000

export function addRunCommand(program: Command, cli: Cli): void {
  const run = program
    .command('run')
    .description('run a command with credentials in its environment or in a file; renewed while it runs, ended with it')
    .argument('<command...>', 'the command, after `--`')
    .requiredOption('--role <resource/role>', 'a role that it needs; several times', collect)
    .option('--identity <name>', 'the same as --as')
    .option('--for <span>', 'the life asked for at each renewal, e.g. `15m`')
    .option('--task <id>', 'within this task (default: a service opens one for its running instance)')
    .option('--purpose <text>', 'what the running instance is for (default: the name of the command)')
    .option(
      '--env <prefix>',
      'names of the variables begin with this, one for each --role (default: from the resource)',
      collect,
    )
    .option('--file <path>', 'put the credentials into this file (JSON, mode 0600) in place of the environment')
  addExamples(
    run,
    'mayfly run --role orders-db/readonly --identity orders-api --key-file orders-api.jwk -- ./server',
    'SPIFFE_ENDPOINT_SOCKET=unix:///run/mayfly/agent.sock mayfly run --role orders-db/readonly -- ./server',
    'mayfly run --role orders-db/readonly --env DB -- sh -c \'psql "$DB_CONNECTION_URL" -c "select 1"\'',
    'mayfly run --role orders-db/readonly --task 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f --file /run/job/db.json -- ./job',
  )
  run.action(async (command: string[], options: RunOptions) => {
    const prefixes = readPrefixes(options)
    const signals = catchSignals()
    try {
      await runWith(cli, command, options, prefixes, signals)
    } finally {
      signals.release()
    }
  })
}

async function runWith(
  cli: Cli,
  command: readonly string[],
  options: RunOptions,
  prefixes: readonly string[],
  signals: SignalCatcher,
): Promise<void> {
  const file = options.file === undefined ? undefined : resolve(cli.cwd, options.file)
  const write = async (credentials: readonly IssuedCredential[]) => {
    if (file !== undefined) await writePrivateFile(file, credentialDocument(credentials))
  }
  // A signal is for the command, not for our requests: ending what was issued needs them most then.
  const connection = await cli.connect(options.identity, new AbortController().signal, { isWorkload: true })
  const hold = await holdCredentials(
    { connection, now: cli.now, say: (text) => cli.out.say(text), onRenewed: write },
    {
      roles: options.role,
      ttlSeconds: options.for === undefined ? undefined : parseDuration(options.for),
      taskId: options.task,
      purpose: options.purpose ?? `run ${basename(command[0] ?? '')} with ${options.role.join(', ')}`,
    },
  )
  const over = new AbortController()
  const kept = hold.keep(over.signal)
  let exitCode = 1
  let how = 'not started'
  try {
    await write(hold.credentials)
    if (signals.caught() === undefined) {
      const ended = await superviseChild(command, childEnvironment(cli.env, hold, prefixes, file), signals)
      exitCode = ended.exitCode
      how = ended.how
    } else exitCode = 130
  } catch (error) {
    const failure = describeFailure(error)
    if (failure !== undefined) cli.out.fail(failure)
  } finally {
    over.abort()
    await kept
    if (file !== undefined) await rm(file, { force: true })
    const ended = await hold.end(exitCode === 0 ? 'complete' : 'fail', endTimeoutMs)
    cli.out.say(`command ended (${how}), ${ended}`)
    cli.exitWith(exitCode)
  }
}

/** @throws UsageError two roles would overwrite each other's variables */
function readPrefixes({ role, env, file }: RunOptions): readonly string[] {
  if (file !== undefined && env !== undefined)
    throw new UsageError('`--env` and `--file` are both given', 'give one of them')
  const prefixes = env ?? role.map(defaultPrefix)
  if (prefixes.length !== role.length) {
    throw new UsageError(
      `${role.length} roles and ${prefixes.length} \`--env\` are given`,
      'give one `--env` for each `--role`, in the same order',
    )
  }
  if (file === undefined && new Set(prefixes).size < prefixes.length) {
    throw new UsageError('two roles would get variables of the same names', 'give one `--env PREFIX` for each `--role`')
  }
  return prefixes
}

/** The platform's token was for us; the command gets its credentials, and knows by which task and ids. */
function childEnvironment(
  env: Environment,
  { credentials, taskId }: Hold,
  prefixes: readonly string[],
  file: string | undefined,
): Environment {
  const { ACTIONS_ID_TOKEN_REQUEST_TOKEN: _token, MAYFLY_KEY_FILE: _key, ...rest } = env
  return {
    ...rest,
    MAYFLY_CREDENTIAL_IDS: credentials.map(({ credential_id: id }) => id).join(','),
    ...(taskId !== undefined && { MAYFLY_TASK_ID: taskId }),
    ...(file === undefined
      ? Object.assign({}, ...credentials.map((one, at) => credentialEnvironment(one, prefixes[at] ?? '')))
      : { MAYFLY_CREDENTIAL_FILE: file }),
  }
}
