/** `mayfly host-agent`: the SPIFFE Workload API on a socket of this host. */
import type { Command } from 'commander'
import type { HostAgentConfig } from '@mayfly/host-agent'
import { readFile } from 'node:fs/promises'
import { parse as parseYaml } from 'yaml'
import type { Cli, GlobalOptions } from '../cli.ts'
import { connect } from '../connect.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatTable } from '../format-table.ts'
import { readText } from '../read-text.ts'
import { UsageError } from '../usage-error.ts'

interface StartOptions {
  readonly config?: string
  readonly socket?: string
  readonly trustProvider?: string
  readonly grace?: string
}

const defaultSocketPath = '/run/mayfly/agent.sock'

export function addHostAgentCommands(program: Command, cli: Cli): void {
  const group = program
    .command('host-agent')
    .description('vouch for the processes of this host, and give them identities')
  addExamples(group, ...startExamples, 'mayfly host-agent check 4711', 'mayfly host-agent health')
  addStart(group, cli)
  addCheck(group, cli)
  addHealth(group, cli)
}

const startExamples = [
  'mayfly host-agent --as host-7 --key-file /etc/mayfly/host-7.jwk',
  'mayfly host-agent --config /etc/mayfly/host-agent.yaml',
]

function addStart(group: Command, cli: Cli): void {
  const start = group
    .command('start', { isDefault: true })
    .description('run the agent: SPIFFE Workload API and Envoy SDS on a unix socket, files as configured')
    .option('--config <file>', 'YAML or JSON (docs/reference/host-agent.md)')
    .option('--socket <path>', `the unix socket (default: ${defaultSocketPath})`)
    .option('--trust-provider <name>', 'the `host_agent` trust provider, where there are several')
    .option(
      '--grace <seconds>',
      'serve so long past the freshness of an attestation while the server is away (default: 0)',
    )
  addExamples(
    start,
    ...startExamples,
    'mayfly host-agent start --as host-7 --token-file /run/token --socket /tmp/agent.sock',
  )
  start.action(async (options: StartOptions) => {
    const { runHostAgent, SocketError } = await import('@mayfly/host-agent')
    const config = await readConfig(cli, options)
    const merged = mergeOptions(cli.options(), config)
    if (merged.as === undefined && cli.env['MAYFLY_IDENTITY'] === undefined) {
      throw new UsageError(
        'it is not said which identity this agent is',
        'give `--as NAME`, or `identity` in its configuration',
      )
    }
    const { client, tokens } = await connect({ env: cli.env, options: merged, now: cli.now, signal: cli.signal })
    try {
      await runHostAgent(config, {
        client,
        tokens,
        write: (line) => cli.out.log(line),
        signal: cli.signal,
        onListening: ({ socketPath }) => cli.out.result({ socket: socketPath }, () => socketPath),
      })
    } catch (error) {
      if (error instanceof SocketError) throw new UsageError(error.message)
      throw error
    }
  })
}

function addCheck(group: Command, cli: Cli): void {
  const check = group
    .command('check')
    .description('print what an agent would vouch for, were this process to connect: the selectors for a binding')
    .argument('<pid>', 'the number of a running process')
  addExamples(check, 'mayfly host-agent check 4711', 'mayfly host-agent check $(pgrep -x orders-api) --json')
  check.action(async (text: string) => {
    if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`\`${text}\` is no number of a process`)
    if (process.platform !== 'linux') throw new UsageError('processes can be attested on Linux only')
    const { configFields, describeProcess } = await import('@mayfly/host-agent')
    const described = await describeProcess(Number(text), Number(configFields['max_executable_bytes']?.default))
    if (typeof described === 'string') {
      throw new UsageError(`process ${text} cannot be attested: ${described.replaceAll('_', ' ')}`)
    }
    cli.out.result(described, ({ selectors }) =>
      formatTable(
        ['type', 'value'],
        selectors.map((selector) => splitSelector(selector)),
      ),
    )
  })
}

function addHealth(group: Command, cli: Cli): void {
  const health = group
    .command('health')
    .description('ask an agent whether it can answer workloads: ends with 0 where it can, with 4 where it cannot yet')
    .option('--socket <path>', `the unix socket (default: ${defaultSocketPath})`)
  addExamples(health, 'mayfly host-agent health', 'mayfly host-agent health --socket /tmp/agent.sock --json')
  health.action(async ({ socket = defaultSocketPath }: { socket?: string }) => {
    const { checkHealth } = await import('@mayfly/host-agent')
    const isServing = await checkHealth(`unix://${socket}`, cli.signal)
    const status = isServing ? 'serving' : 'not_serving'
    cli.out.result({ socket, status }, () => status.replace('_', ' '))
    if (!isServing) cli.exitWith(exitCodes.later)
  })
}

/** @throws UsageError every fault at once */
async function readConfig(cli: Cli, options: StartOptions): Promise<HostAgentConfig> {
  const { ConfigError, parseHostAgentConfig } = await import('@mayfly/host-agent')
  const { config: file, socket, trustProvider, grace } = options
  const value: unknown = file === undefined ? {} : parseFile(file, await readText(cli, file))
  const flags = {
    ...(socket !== undefined && { socket }),
    ...(trustProvider !== undefined && { trust_provider: trustProvider }),
    ...(grace !== undefined && { grace_seconds: Number(grace) }),
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  try {
    const accounts = { passwd: await readIfThere('/etc/passwd'), group: await readIfThere('/etc/group') }
    return parseHostAgentConfig(isObject ? { ...value, ...flags } : (value ?? flags), accounts)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(
      file === undefined ? 'the options of the host agent are not usable' : `\`${file}\` is not usable`,
      'docs/reference/host-agent.md has every field',
      error.faults.map(({ at, detail }) => `\`${at}\`: ${detail}`),
    )
  }
}

function parseFile(file: string, text: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 0, uniqueKeys: true })
  } catch (error) {
    throw new UsageError(`\`${file}\` is neither YAML nor JSON`, undefined, [
      (error as Error).message.split('\n')[0] ?? '',
    ])
  }
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

/** What is typed stands above what the file says. */
function mergeOptions(given: GlobalOptions, config: HostAgentConfig): GlobalOptions {
  const url = given.url ?? config.server
  const as = given.as ?? config.identity
  const isProofGiven = given.keyFile !== undefined || given.tokenFile !== undefined || given.tokenEnv !== undefined
  return {
    ...given,
    ...(url !== undefined && { url }),
    ...(as !== undefined && { as }),
    ...(!isProofGiven && config.keyFile !== undefined && { keyFile: config.keyFile }),
    ...(!isProofGiven && config.tokenFile !== undefined && { tokenFile: config.tokenFile }),
  }
}

/** `unix:path:/usr/bin/x` → `unix:path`, `/usr/bin/x`. */
function splitSelector(selector: string): readonly [string, string] {
  const [, type = selector, value = ''] = /^((?:unix|systemd|container):[a-z0-9]+|[a-z]+):(.*)$/.exec(selector) ?? []
  return [type, value]
}
