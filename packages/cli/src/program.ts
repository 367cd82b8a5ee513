/**
 * The command line as a whole.
 *
 * Thin: each command parses, asks the server, and prints. What a command may do is the server's to say.
 */
import { Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { addApplyCommand } from './commands/apply.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addBundleCommands } from './commands/bundle.ts'
import { addCaCommands } from './commands/ca.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addCredentialCommands } from './commands/credential.ts'
import { addDevCommand } from './commands/dev.ts'
import { addExplainCommand } from './commands/explain.ts'
import { addFederationCommands } from './commands/federation.ts'
import { addFindingCommands } from './commands/finding.ts'
import { addHostAgentCommands } from './commands/host-agent.ts'
import { addIssueCommand } from './commands/issue.ts'
import { addKeyCommands } from './commands/key.ts'
import { addJoinCommands } from './commands/join.ts'
import { addLoginCommands } from './commands/login.ts'
import { addPolicyCommands } from './commands/policy.ts'
import { addRegistryCommands } from './commands/registry.ts'
import { addRevokeCommand } from './commands/revoke.ts'
import { addRunCommand } from './commands/run.ts'
import { addSessionCommands } from './commands/session.ts'
import { addSignInCommands } from './commands/sign-in.ts'
import { addServerCommand } from './commands/server.ts'
import { addSvidCommands } from './commands/svid.ts'
import { addTaskCommands } from './commands/task.ts'
import { addTokenCommands } from './commands/token.ts'
import { addTraceCommand } from './commands/trace.ts'

export const version = '0.1.0'

/** @param cli given the program's options once they are parsed, see `Cli.options` */
export function createProgram(cli: Cli): Command {
  const program = new Command('mayfly')
    .description('secrets and machine identities as one life cycle')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    // Throw in place of exiting, and leave it to us to say what is wrong. Commands inherit this.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.out.raw(text),
      writeErr: (text) => cli.out.help(text),
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .addOption(new Option('--url <url>', 'the server (default: MAYFLY_URL, else that of the last login)'))
    .option('--json', 'print one JSON document')
    .option('--progress', 'tell progress on standard error even where it is no terminal')
    .addOption(new Option('--as <identity>', 'act as this identity (default: MAYFLY_IDENTITY, else who has signed in)'))
    .addOption(new Option('--key-file <file>', 'the identity proves itself with this private key (MAYFLY_KEY_FILE)'))
    .addOption(
      new Option(
        '--trust-bundle <file>',
        'believe the server by these authorities too: its trust bundle, or PEM (MAYFLY_TRUST_BUNDLE; remembered by login)',
      ),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        "… with the platform's token in this file, read anew each time (MAYFLY_TOKEN_FILE)",
      ),
    )
    .addOption(new Option('--token-env <name>', "… with the platform's token in this environment variable"))

  program.commandsGroup('To begin:')
  addDevCommand(program, cli)
  addServerCommand(program, cli)
  addLoginCommands(program, cli)
  program.commandsGroup('Who and what there is:')
  addRegistryCommands(program, cli)
  addJoinCommands(program, cli)
  addApplyCommand(program, cli)
  addSignInCommands(program, cli)
  addSessionCommands(program, cli)
  program.commandsGroup('What is permitted:')
  addPolicyCommands(program, cli)
  addExplainCommand(program, cli)
  program.commandsGroup('At work:')
  addTaskCommands(program, cli)
  addRunCommand(program, cli)
  addHostAgentCommands(program, cli)
  addIssueCommand(program, cli)
  addTokenCommands(program, cli)
  addCredentialCommands(program, cli)
  addSvidCommands(program, cli)
  program.commandsGroup('The end of it:')
  addRevokeCommand(program, cli)
  program.commandsGroup('What happened:')
  addTraceCommand(program, cli)
  addAuditCommands(program, cli)
  addFindingCommands(program, cli)
  program.commandsGroup('The installation:')
  addKeyCommands(program, cli)
  addCaCommands(program, cli)
  addFederationCommands(program, cli)
  addBundleCommands(program, cli)
  addCompletionCommand(program, cli)
  return program
}
