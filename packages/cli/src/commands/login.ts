/** `mayfly login`, `logout`, `whoami`: who asks where no identity is named. */
import { answerOf, createMayflyClient, ProblemError } from '@mayfly/client'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { makeBoundKey, publicJwkOf, readBoundKey, saveBoundKey } from '@mayfly/client/login'
import type { Cli } from '../cli.ts'
import { findUrl } from '../connect.ts'
import { addExamples } from '../examples.ts'
import { formatRecord } from '../format-table.ts'
import { findProfile, keyPath, removeProfile, saveProfile, saveTrustBundle } from '../profile.ts'
import { readText } from '../read-text.ts'
import { readTrustFile } from '../server-trust.ts'
import { findSession, makeSessionKey, removeSession, saveSession, type StoredSession } from '../session.ts'
import { chooseProvider, signInByBrowser, signInByDevice } from '../sign-in.ts'
import { UsageError } from '../usage-error.ts'

interface LoginOptions {
  readonly bootstrapFile?: string
  readonly name?: string
  readonly email?: string
  readonly clientId?: string
  readonly provider?: string
  readonly browser?: true
}

export function addLoginCommands(program: Command, cli: Cli): void {
  const login = program
    .command('login')
    .description('sign in to a server at its sign-in provider; the first administrator with the bootstrap secret')
    .option('--provider <name>', 'at which sign-in provider, where there are several')
    .option('--browser', 'in a browser on this machine that comes back, in place of a code')
    .option(
      '--bootstrap-file <file>',
      'the file that the server wrote its bootstrap secret to; `-` reads standard input',
    )
    .option('--name <name>', 'who the first administrator is')
    .option('--email <email>', 'and their address')
    .option('--client-id <id>', 'with --key-file: the person that a registered key belongs to')
  addExamples(
    login,
    'mayfly login',
    'mayfly login --provider corp --browser',
    "mayfly login --bootstrap-file .mayfly/bootstrap --name 'Ada Lovelace' --email ada@example.com",
    'mayfly login --url https://mayfly.example.com --client-id 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f --key-file ada.jwk',
  )
  login.action(async (options: LoginOptions) => {
    const url = await findUrl(cli.env, cli.options())
    const { trustBundle } = cli.options()
    if (trustBundle !== undefined) {
      await saveTrustBundle(cli.env, url, await readTrustFile(resolve(cli.cwd, trustBundle)))
    }
    if (options.clientId !== undefined) return loginWithKey(cli, url, options, options.clientId)
    if (options.bootstrapFile !== undefined) return loginFirst(cli, url, options, options.bootstrapFile)
    return loginAtProvider(cli, url, options)
  })

  const logout = program
    .command('logout')
    .description('end the session at a server; without one, forget who signs in, with the private key')
  addExamples(logout, 'mayfly logout')
  logout.action(async () => {
    const url = await findUrl(cli.env, cli.options())
    const session = await findSession(cli.env, url)
    if (session !== undefined) return endSession(cli, session)
    if ((await findProfile(cli.env, url)) === undefined) throw new UsageError(`nobody has signed in to \`${url}\``)
    await removeProfile(cli.env, url)
    cli.out.result({ url }, () => `signed out of ${url}`)
  })

  const whoami = program.command('whoami').description('prove who asks, and say who that is')
  addExamples(whoami, 'mayfly whoami', 'mayfly whoami --as orders-api --key-file orders-api.jwk')
  whoami.action(async () => {
    const { url, tokens, identity, api } = await cli.connect()
    const session = identity === undefined ? await findSession(cli.env, url) : undefined
    if (session !== undefined && cli.options().keyFile === undefined) {
      // The server says whether it lives: the file only says that it did.
      const { items } = await answerOf(api.GET('/v1/sessions', { params: { query: { person: 'me', limit: 200 } } }))
      const own = items.find((one) => one.own)
      return cli.out.result({ ...ofSession(session), live: own !== undefined }, formatRecord)
    }
    const { subject, attestationId, freshUntil } = await tokens.prove()
    const profile = identity === undefined ? await findProfile(cli.env, url) : undefined
    const who = {
      subject,
      ...(profile !== undefined && { name: profile.name, email: profile.email }),
      url,
      attestation_id: attestationId,
      fresh_until: freshUntil.toISOString(),
    }
    cli.out.result(who, formatRecord)
  })
}

async function loginFirst(cli: Cli, url: string, { name, email }: LoginOptions, file: string): Promise<void> {
  if (name === undefined || email === undefined) {
    throw new UsageError('it is not said who the administrator is', 'give `--name NAME` and `--email ADDRESS`')
  }
  if ((await findProfile(cli.env, url)) !== undefined) {
    throw new UsageError(
      `somebody has signed in to \`${url}\` already`,
      'run `mayfly logout` first; it forgets their key',
    )
  }
  const secret = await readText(cli, file)
  const key = makeBoundKey()
  // First the key, then its registration: the other way round a crash between them would lock everyone out.
  await saveBoundKey(keyPath(cli.env, url), key)
  const api = createMayflyClient({ baseUrl: url })
  const body = { secret: secret.trim(), public_jwk: { ...publicJwkOf(key) }, name, email }
  const { client_id: clientId, person_id: personId } = await answerOf(api.POST('/v1/bootstrap', { body })).catch(
    async (error: unknown) => {
      // Where no answer came, the server may have taken the key: it stays.
      if (error instanceof ProblemError && error.status > 0) await removeProfile(cli.env, url)
      throw error
    },
  )
  await saveProfile(cli.env, { url, client_id: clientId, name, email })
  cli.out.result({ url, person_id: personId, key_file: keyPath(cli.env, url) }, formatRecord)
  cli.out.say(`signed in to ${url} as the first administrator; keep a copy of the key apart from this machine`)
}

async function loginAtProvider(cli: Cli, url: string, { provider: wanted, browser }: LoginOptions): Promise<void> {
  const api = createMayflyClient({ baseUrl: url, userAgent: 'mayfly-cli' })
  const provider = await chooseProvider(api, wanted, browser === true ? 'code' : 'device')
  const signIn = browser === true ? signInByBrowser : signInByDevice
  const { privateJwk, thumbprint } = makeSessionKey()
  const {
    owners,
    roles,
    expires_in: _seconds,
    ...signedIn
  } = await signIn(cli, api, {
    provider,
    dpop_jkt: thumbprint,
  })
  const session = { url, provider, key: privateJwk, ...signedIn }
  await saveSession(cli.env, session)
  cli.out.result({ ...ofSession(session), roles, owners }, formatRecord)
}

function ofSession({ access_token: _secret, key: _key, token_type: _scheme, ...shown }: StoredSession) {
  return shown
}

async function endSession(cli: Cli, session: StoredSession): Promise<void> {
  const { url, session_id: ref } = session
  const { api } = await cli.connect()
  const selector = { kind: 'attestation', ref } as const
  try {
    await answerOf(api.POST('/v1/revocations', { body: { selector } }))
  } catch (error) {
    // Over already, or out of reach: it is forgotten here all the same, and what is true is said.
    if (error instanceof UsageError || (error instanceof ProblemError && error.code === 'token_invalid')) {
      cli.out.say('the session had ended already')
    } else {
      await removeSession(cli.env, url)
      throw error
    }
  }
  await removeSession(cli.env, url)
  cli.out.result({ url, session_id: ref }, () => `signed out of ${url}`)
}

async function loginWithKey(cli: Cli, url: string, { name, email }: LoginOptions, clientId: string): Promise<void> {
  const { keyFile } = cli.options()
  if (keyFile === undefined)
    throw new UsageError('`--client-id` needs the key that proves it', 'give `--key-file FILE`')
  const key = await readBoundKey(resolve(cli.cwd, keyFile))
  await saveBoundKey(keyPath(cli.env, url), key)
  await saveProfile(cli.env, { url, client_id: clientId, name: name ?? clientId, email: email ?? '' })
  cli.out.result({ url, client_id: clientId }, () => `signed in to ${url}`)
}
