/** Which server is meant, and who asks it. */
import {
  createMayflyClient,
  dpopAuthorizer,
  makeDpop,
  type MayflyClient,
  type MayflyClientOptions,
} from '@mayfly/client'
import { boundedFetch } from './bounded-fetch.ts'
import type { Environment, GlobalOptions } from './cli.ts'
import { findCurrentUrl, findProfile, keyPath } from './profile.ts'
import {
  type AccessTokens,
  findGitHubActions,
  keyFileProof,
  makeAccessTokens,
  platformProof,
  type ProofSource,
  tokenFromEnvironment,
  tokenFromFile,
} from '@mayfly/client/login'
import { findSession, sessionKey, sessionTokens } from './session.ts'
import { UsageError } from './usage-error.ts'
import { findWorkloadApi, workloadApiProof } from './workload-api-proof.ts'

/** Longer than the server's own limits on what it does at a target. */
const requestTimeoutMs = 120_000

export const defaultUrl = 'http://127.0.0.1:7420'

export interface Connection {
  readonly url: string
  readonly api: MayflyClient
  readonly tokens: AccessTokens
  /** For what the client does beside single requests, e.g. following events. */
  readonly client: MayflyClientOptions
  /** The name of the identity that asks; undefined where a person does. */
  readonly identity: string | undefined
}

export interface ConnectMore {
  /** The process itself is the workload: where nothing else says how it proves itself, its Workload API does. */
  readonly isWorkload?: boolean
}

export interface ConnectInput extends ConnectMore {
  readonly env: Environment
  readonly options: GlobalOptions
  /** Stands above the options. */
  readonly identity?: string | undefined
  readonly now: () => Date
  readonly signal: AbortSignal
}

/** @throws UsageError it is not known who asks, or the server's address is not one */
export async function connect(given: ConnectInput): Promise<Connection> {
  const { env, options, now, signal } = given
  const url = await findUrl(env, options)
  const identity = given.identity ?? options.as ?? env['MAYFLY_IDENTITY'] ?? env['MAYFLY_CLIENT_ID']
  const keyFile = options.keyFile ?? env['MAYFLY_KEY_FILE']
  const tokenFile = options.tokenFile ?? env['MAYFLY_TOKEN_FILE']
  const isGiven = [keyFile, tokenFile, options.tokenEnv].some((way) => way !== undefined)
  const workloadApi = given.isWorkload === true && !isGiven ? await findWorkloadApi(env) : undefined
  // A person who signed in at a provider; a way of proving that is named stands above.
  const named = identity ?? options.keyFile ?? options.tokenFile ?? options.tokenEnv ?? workloadApi
  const session = named === undefined ? await findSession(env, url) : undefined
  // Of this session, or of this process alone: a token that is taken from it is worth nothing elsewhere.
  const dpop = makeDpop({ now, ...(session !== undefined && { privateKey: sessionKey(session) }) })
  const tokens =
    session === undefined
      ? makeAccessTokens(url, await findProof({ env, options, now, url, identity, workloadApi }), now, signal, dpop)
      : sessionTokens(session, now)
  const client = { baseUrl: url, authorizer: dpopAuthorizer(dpop, () => tokens.current()), userAgent: 'mayfly-cli' }
  const api = createMayflyClient({ ...client, fetch: boundedFetch(signal, requestTimeoutMs) })
  return { url, api, tokens, client, identity }
}

/** @throws UsageError */
export async function findUrl(env: Environment, options: GlobalOptions): Promise<string> {
  const text = options.url ?? env['MAYFLY_URL'] ?? (await findCurrentUrl(env)) ?? defaultUrl
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hint = 'give it as `https://mayfly.example.com`, by `--url` or `MAYFLY_URL`'
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw new UsageError(`\`${text}\` is not the address of a server`, hint)
  }
  if (url.search !== '' || url.hash !== '') {
    throw new UsageError(`the address of a server has no query and no fragment: \`${text}\``, hint)
  }
  // Proofs and credentials would cross the network in clear.
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw new UsageError(`\`${text}\` is not encrypted and not on this machine`, 'use `https://`')
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

interface ProofInput extends Omit<ConnectInput, 'signal' | 'isWorkload'> {
  readonly url: string
  /** Where the Workload API is, for a workload that was given no other way. */
  readonly workloadApi: string | undefined
}

/**
 * In this order: what is given (`--key-file`, `--token-file`, `--token-env`, and their variables); for a workload, the
 * Workload API; the platform; who has signed in. What is found first counts, also where it then refuses: nobody becomes
 * somebody else because a proof failed.
 */
async function findProof(input: ProofInput): Promise<ProofSource> {
  const { env, options, now, url, identity } = input
  const keyFile = options.keyFile ?? env['MAYFLY_KEY_FILE']
  const tokenFile = options.tokenFile ?? env['MAYFLY_TOKEN_FILE']
  const { tokenEnv } = options
  if (input.workloadApi !== undefined) return workloadApiProof(input.workloadApi, identity)
  if (identity === undefined) {
    const way = [options.keyFile && '--key-file', options.tokenFile && '--token-file', tokenEnv && '--token-env'].find(
      Boolean,
    )
    if (way) throw new UsageError(`\`${way}\` needs the identity that it proves`, 'give `--as NAME`')
    return profileProof(env, url, now)
  }
  const ways = [keyFile, tokenFile, tokenEnv].filter((way) => way !== undefined)
  if (ways.length > 1) {
    throw new UsageError(
      'more than one way to prove the identity is given',
      'give one of `--key-file`, `--token-file` and `--token-env`',
    )
  }
  if (keyFile !== undefined) return keyFileProof(identity, keyFile, now)
  if (tokenFile !== undefined) return platformProof(identity, tokenFromFile(tokenFile))
  if (tokenEnv !== undefined) return platformProof(identity, tokenFromEnvironment(env, tokenEnv))
  const platform = findGitHubActions(env)
  if (platform !== undefined) return platformProof(identity, platform)
  throw new UsageError(
    `it is not said how \`${identity}\` proves itself`,
    'give `--key-file FILE`, or `--token-file FILE` of the platform',
  )
}

async function profileProof(env: Environment, url: string, now: () => Date): Promise<ProofSource> {
  const profile = await findProfile(env, url)
  if (profile === undefined) {
    throw new UsageError(
      `nobody has signed in to \`${url}\``,
      'run `mayfly login`, or name a workload with `--as` and `--key-file`',
    )
  }
  return keyFileProof(profile.client_id, keyPath(env, url), now)
}
