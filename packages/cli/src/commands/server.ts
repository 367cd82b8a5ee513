/** `mayfly server`: the server as it runs in production, configured by its environment. */
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { runServer } from '../run-server.ts'
import { MayflyError } from '@mayfly/domain'

export function addServerCommand(program: Command, cli: Cli): void {
  const server = program
    .command('server')
    .description('start a server, configured by the environment (docs/reference/config.md)')
    .option('--check-config', 'only say whether the configuration is usable')
  addExamples(server, 'mayfly server --check-config', 'MAYFLY_LISTEN=127.0.0.1:7420 mayfly server')
  server.action(async ({ checkConfig }: { checkConfig?: true }) => {
    if (checkConfig) return checkConfiguration(cli)
    await runServer(cli, cli.env, async ({ url }) => cli.out.result({ url }, () => url))
  })
}

async function checkConfiguration(cli: Cli): Promise<void> {
  const { describeConfigFaults, loadConfig } = await import('@mayfly/server')
  try {
    await loadConfig(cli.env)
    cli.out.result({ usable: true, faults: [] }, () => 'configuration is usable')
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== 'configuration_invalid') throw error
    const faults = error.options.fields ?? []
    cli.out.result({ usable: false, faults }, () => describeConfigFaults(error))
    cli.exitWith(exitCodes.failed)
  }
}
