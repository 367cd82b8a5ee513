import { type CredentialId, MayflyError, newId } from '@mayfly/domain'
import {
  type AccountHandle,
  type ConformanceSession,
  createMemoryEnds,
  type IssuedAccount,
  type IssueRequest,
  type MemoryEnds,
  type RevokeReport,
  Secret,
  type TargetKey,
} from '@mayfly/provider-kit'
import {
  type NatsPermission,
  natsProvider,
  type NatsSettings,
  type NatsTarget,
  systemRights,
} from '@mayfly/provider-nats'
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node'
import { formatCredentials } from '../../../packages/providers/nats/src/nats-credentials.ts'
import { type Claims, readClaims, signClaims } from '../../../packages/providers/nats/src/nats-jwt.ts'
import { makeNkey, type Nkey, type NkeyKind, readSeed } from '../../../packages/providers/nats/src/nkey.ts'
import { type NatsAccess, noLimits } from '../../support/servers/start-nats.ts'

export const noSignal = new AbortController().signal

export interface PreparedNats extends AsyncDisposable {
  readonly access: NatsAccess
  readonly account: string
  readonly accountKey: Nkey
  readonly settings: NatsSettings
  readonly secret: Readonly<Record<'account_signing_key' | 'operator_signing_key' | 'system_credentials', string>>
  readonly target: NatsTarget
  readonly ends: MemoryEnds
  /** As a user of the system account that may do everything. */
  readonly system: NatsConnection
  open(over?: OpenOver): Promise<NatsTarget>
  issue(over?: Partial<IssueRequest<NatsPermission>>, target?: NatsTarget): Promise<Issued>
  /** The JWT of the account as the first server has stored it. */
  stored(): Promise<string>
  claims(): Promise<Claims>
  /** Puts a JWT in place, as anybody with that right may. @returns what the server says */
  push(jwt: string): Promise<string>
  /** The account's JWT with these claims changed, by this signer (default: the operator's signing key that is Mayfly's). */
  resign(change: (claims: Claims) => Omit<Claims, 'iss'>, signer?: Nkey): Promise<string>
}

export interface OpenOver {
  readonly settings?: Partial<NatsSettings>
  readonly secret?: Partial<PreparedNats['secret']>
}

export interface Issued {
  readonly handle: AccountHandle & { readonly targetKey: string }
  readonly key: TargetKey
  readonly account: IssuedAccount
}

export function keyFrom(kind: NkeyKind, seed: string): Nkey {
  const key = readSeed(kind, seed)
  if (key === undefined) throw new Error(`not the seed of ${kind}`)
  return key
}

/** An account of its own, Mayfly's rights by the guide, and the provider opened on it. */
export async function prepareNats(
  access: NatsAccess,
  options: {
    /** Default true; false: the servers do not get to know the account. */
    readonly known?: boolean
    /** Of a server with TLS. */
    readonly caPem?: string
    /** Claims of the account's JWT that differ. */
    readonly claims?: Readonly<Record<string, unknown>>
    /** Of Mayfly's user; default as in the guide. */
    readonly rights?: { readonly publish: readonly string[]; readonly subscribe: readonly string[] } | 'all'
  } = {},
): Promise<PreparedNats> {
  const [mayflySigning, otherSigning] = access.signingSeeds
  const account = makeNkey('account')
  const accountSigning = makeNkey('account')
  const id = account.key.publicKey
  const servers = access.ports.map((port) => `${access.host}:${port}`)
  const system = await connect({
    servers,
    authenticator: credsAuthenticator(new TextEncoder().encode(access.systemCredentials)),
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    ...(options.caPem === undefined ? {} : { tls: { ca: options.caPem, host: access.host } as { ca: string } }),
  })
  const iat = Math.floor(Date.now() / 1000)
  const own = makeNkey('user')
  const rights = options.rights ?? systemRights(id)
  const ownJwt = signClaims(
    {
      iat,
      sub: own.key.publicKey,
      name: 'mayfly',
      nats: {
        ...(rights === 'all' ? {} : { pub: { allow: rights.publish }, sub: { allow: rights.subscribe } }),
        subs: -1,
        data: -1,
        payload: -1,
        type: 'user',
        version: 2,
      },
    },
    keyFrom('account', access.systemSeed),
  )
  const accountJwt = signClaims(
    {
      iat,
      sub: id,
      name: 'APP',
      nats: {
        limits: noLimits,
        signing_keys: [accountSigning.key.publicKey],
        default_permissions: { pub: {}, sub: {} },
        type: 'account',
        version: 2,
        ...options.claims,
      },
    },
    keyFrom('operator', otherSigning),
  )
  const push = async (jwt: string) => (await system.request('$SYS.REQ.CLAIMS.UPDATE', jwt)).string()
  if (options.known !== false) await push(accountJwt)

  const secret = {
    account_signing_key: accountSigning.seed,
    operator_signing_key: mayflySigning,
    system_credentials: formatCredentials(ownJwt, own.seed),
  }
  const settings = natsProvider.settings.parse({
    servers,
    tls: { mode: 'disabled_loopback_only' },
    account_public_key: id,
    trusted_operator_keys: [keyFrom('operator', otherSigning).publicKey],
  })
  const ends = createMemoryEnds()
  const open = async (over: OpenOver = {}) =>
    natsProvider.open({
      settings: { ...settings, ...over.settings },
      secret: natsProvider.secret.parse({ ...secret, ...over.secret }),
      published: ends,
    })
  const target = await open()
  // A server that reads a list of thousands answers late.
  const stored = async () =>
    (await system.request(`$SYS.REQ.ACCOUNT.${id}.CLAIMS.LOOKUP`, undefined, { timeout: 10_000 })).string()
  const claims = async () => {
    const read = readClaims(await stored(), 'operator') ?? readClaims(await stored(), 'account')
    if (read === undefined) throw new Error('the stored JWT cannot be read')
    return read
  }
  return {
    access,
    account: id,
    accountKey: account.key,
    settings,
    secret,
    target,
    ends,
    system,
    open,
    stored,
    claims,
    push,
    async resign(change, signer = keyFrom('operator', mayflySigning)) {
      return signClaims(change(await claims()), signer)
    },
    async issue(over = {}, at = target) {
      const key = over.key ?? natsProvider.prepareKey({})
      const handle = { ...natsProvider.plan(newId<CredentialId>()), targetKey: key.targetKey }
      return { handle, key, account: await at.issue(handle, { ...requestFor(), key, ...over }, noSignal) }
    },
    async [Symbol.asyncDispose]() {
      await target.close()
      await system.close()
    },
  }
}

export const orders: NatsPermission = natsProvider.permission.parse({
  publish: { allow: ['orders.>'] },
  subscribe: { allow: ['orders.>'] },
})

export function requestFor(over: Partial<IssueRequest<NatsPermission>> = {}): IssueRequest<NatsPermission> {
  return {
    permission: orders,
    parameters: {},
    expiresAt: new Date(Date.now() + 300_000),
    createDeadlineAt: new Date(Date.now() + 20_000),
    ...over,
  }
}

/** Logs in by the single fields, so that a test can change one of them; `sign` for a key that the test has. */
export function connectWith(
  { fields }: IssuedAccount,
  sign?: Nkey,
  options: { readonly inboxPrefix?: string } = {},
): Promise<NatsConnection> {
  const { servers, jwt, seed } = fields
  const key = sign ?? (seed instanceof Secret ? readSeed('user', seed.reveal()) : undefined)
  return connect({
    servers: String(servers).split(','),
    authenticator: (nonce?: string) => ({
      jwt: String(jwt),
      nkey: key?.publicKey ?? '',
      // What is no seed signs nothing: the server is shown 64 bytes all the same.
      sig: (key?.sign(Buffer.from(nonce ?? '')) ?? Buffer.alloc(64, 7)).toString('base64url'),
    }),
    reconnect: false,
    ...options,
  })
}

export async function canLogIn(account: IssuedAccount, sign?: Nkey): Promise<boolean> {
  try {
    const nc = await connectWith(account, sign)
    await nc.close()
    return true
  } catch (error) {
    if (error instanceof Error && /Authorization Violation|User Authentication Expired/.test(error.message))
      return false
    throw error
  }
}

export interface OpenSession extends ConformanceSession {
  readonly nc: NatsConnection
}

export async function openSession(account: IssuedAccount, sign?: Nkey): Promise<OpenSession> {
  const nc = await connectWith(account, sign)
  return {
    nc,
    async isAlive() {
      try {
        await nc.flush()
        return !nc.isClosed()
      } catch {
        return false
      }
    },
    close: () => nc.close(),
  }
}

export interface Recorded extends RevokeReport {
  readonly cutNames: string[]
  readonly removedNames: string[]
  readonly reasons: Map<string, string>
}

export function recordReport(): Recorded {
  const cutNames: string[] = []
  const removedNames: string[] = []
  const reasons = new Map<string, string>()
  return {
    cutNames,
    removedNames,
    reasons,
    cut: async (handles) => void cutNames.push(...handles.map((handle) => handle.accountName)),
    removed: async (handles) => void removedNames.push(...handles.map((handle) => handle.accountName)),
    pending: async (handle, reason) => void reasons.set(handle.accountName, reason),
  }
}

/** As the server does it: authority ends in the database first. */
export async function revoke(
  prepared: Pick<PreparedNats, 'ends' | 'target'>,
  handles: readonly AccountHandle[],
  { target = prepared.target, expiresAt = new Date(Date.now() + 300_000) } = {},
): Promise<Recorded> {
  const report = recordReport()
  prepared.ends.end(handles, expiresAt)
  await target.revoke(handles, report, noSignal)
  return report
}

/** The code of the MayflyError that a call ends in. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return error instanceof MayflyError ? error.code : `not a MayflyError: ${String(error)}`
  }
}
