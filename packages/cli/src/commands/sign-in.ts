/** `mayfly sign-in …`: at which OpenID provider people sign in, and what their groups give them. */
import { answerOf, type components } from '@mayfly/client'
import { personRoles } from '@mayfly/domain'
import { type Command, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import type { Cli } from '../cli.ts'
import { findUrl } from '../connect.ts'
import { addExamples } from '../examples.ts'
import { formatRecord } from '../format-table.ts'
import { parseDuration } from '../parse-duration.ts'
import { collect, parsePairs } from '../parse-pairs.ts'
import { readSecretPairs } from '../read-secret.ts'
import { UsageError } from '../usage-error.ts'

type NewTrustProvider = components['schemas']['TrustProvider']['settings']

interface SetupOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientAuthentication?: string
  readonly secret?: readonly string[]
  readonly rule?: readonly string[]
  readonly groupsClaim?: string
  readonly scope?: readonly string[]
  readonly setting?: readonly string[]
  readonly sessionFor?: string
  readonly caFile?: string
}

export function addSignInCommands(program: Command, cli: Cli): void {
  const group = program.command('sign-in').description('sign-in providers: where people sign in')
  addSetup(group, cli)
  addSecret(group, cli)
}

function addSetup(group: Command, cli: Cli): void {
  const setup = group
    .command('setup')
    .description('let people sign in at an OpenID provider, with what their groups give them')
    .argument('<name>', 'what the provider is called here')
    .requiredOption('--issuer <url>', 'the provider, exactly as its ID tokens say in `iss`')
    .requiredOption('--client-id <id>', 'what the provider calls this server')
    .addOption(
      new Option(
        '--client-authentication <method>',
        'how the server proves itself there (default: PKCE alone)',
      ).choices(['none', 'private_key_jwt', 'client_secret_basic', 'client_secret_post']),
    )
    .option('--secret <name=source>', 'the secret there: `client_secret=env:NAME`, `=file:PATH`, `=stdin`', collect)
    .option(
      '--rule <group=what>',
      `what a group gives, several times: \`admins=role:administrator\` (${personRoles.join(', ')}), \`orders=owner:orders-team\``,
      collect,
    )
    .option('--groups-claim <claim>', 'the claim with the groups (default: groups)')
    .option('--scope <scope>', 'what is asked for, several times (default: openid, email, profile)', collect)
    .option('--session-for <span>', 'how long a session lasts, at most 12h (default: 1h)')
    .option('--ca-file <file>', "the authority of the provider's certificate, PEM, where it is not a public one")
    .option('--setting <name=value>', 'any other setting of the kind `sign_in`', collect)
  addExamples(
    setup,
    'mayfly sign-in setup corp --issuer https://login.example.com --client-id mayfly \\\n      --rule platform-admins=role:administrator --rule orders=owner:orders-team --session-for 8h',
  )
  setup.action(async (name: string, options: SetupOptions) => {
    const settings = await settingsOf(options)
    const { secret } = options
    const { client_secret: clientSecret } = secret === undefined ? {} : await readSecretPairs(cli, secret)
    const { api } = await cli.connect()
    const body = {
      name,
      kind: 'sign_in' as const,
      settings,
      ...(options.sessionFor !== undefined && { fresh_for_seconds: parseDuration(options.sessionFor) }),
    }
    const added = await answerOf(api.POST('/v1/trust-providers', { body }))
    if (clientSecret !== undefined) await setSecret(cli, name, clientSecret)
    cli.out.result(added, formatRecord)
    const url = await findUrl(cli.env, cli.options())
    cli.out.say(`people sign in with \`mayfly login --url ${url} --provider ${name}\``)
  })
}

function addSecret(group: Command, cli: Cli): void {
  const secret = group
    .command('secret')
    .description('set the secret with which the server proves itself at a sign-in provider; it is never shown again')
    .argument('<name>', 'of the sign-in provider')
    .requiredOption('--secret <name=source>', '`client_secret=env:NAME`, `=file:PATH` or `=stdin`', collect)
  addExamples(secret, 'mayfly sign-in secret corp --secret client_secret=env:CORP_CLIENT_SECRET')
  secret.action(async (name: string, options: { secret: readonly string[] }) => {
    const { client_secret: clientSecret } = await readSecretPairs(cli, options.secret)
    if (clientSecret === undefined)
      throw new UsageError('the secret is called `client_secret`', 'write `client_secret=SOURCE`')
    cli.out.result(await setSecret(cli, name, clientSecret), () => 'the secret is set')
  })
}

async function setSecret(cli: Cli, name: string, clientSecret: string) {
  const { api } = await cli.connect()
  const init = { params: { path: { ref: name } }, body: { client_secret: clientSecret } }
  return answerOf(api.POST('/v1/trust-providers/{ref}/client-secret', init))
}

async function settingsOf(options: SetupOptions): Promise<NewTrustProvider> {
  const { issuer, clientId, clientAuthentication, rule, groupsClaim, scope, setting, caFile } = options
  return {
    issuer,
    client_id: clientId,
    ...(clientAuthentication !== undefined && { client_authentication: clientAuthentication }),
    ...(groupsClaim !== undefined && { groups_claim: groupsClaim }),
    ...(scope !== undefined && { scopes: [...scope] }),
    ...(rule !== undefined && { rules: rule.map(ruleOf) }),
    ...(caFile !== undefined && { ca_pem: await readText(caFile) }),
    ...(setting !== undefined && parsePairs(setting, '--setting')),
  }
}

/** `admins=role:administrator`, `orders=owner:orders-team`. The group may hold any character, `=` too. */
function ruleOf(text: string) {
  const [, group, kind, what] = /^(.+)=(role|owner):([^=:]+)$/.exec(text) ?? []
  if (group === undefined || what === undefined) {
    throw new UsageError(`\`${text}\` is no rule`, 'write `GROUP=role:ROLE` or `GROUP=owner:NAME`')
  }
  return kind === 'role' ? { group, roles: [what] } : { group, owner: what }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the file \`${path}\` cannot be read (${cause.code ?? cause.message})`)
  })
}
