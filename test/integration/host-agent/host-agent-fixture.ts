/** An agent on a socket of its own, before a server of its own; and clients that speak the real protocol. */
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  Client,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import { dpopAuthorizer, makeDpop } from '@mayfly/client'
import { keyProof, makeAccessTokens } from '@mayfly/client/login'
import { serviceOf } from '../../../packages/host-agent/src/grpc/load-services.ts'
import { httpCredentials } from '../../../packages/host-agent/src/files/identity-credentials.ts'
import {
  type HostAgent,
  makeHttpAuthority,
  makeLog,
  parseHostAgentConfig,
  startHostAgent,
  systemTiming,
} from '../../../packages/host-agent/src/index.ts'
import { makeTempDir, until } from '../../support/index.ts'
import { type CuttableProxy, startCuttableProxy } from './cuttable-proxy.ts'
import { type AuthorityServer, type AuthoritySettings, startAuthorityServer } from './authority-server.ts'

export interface HostAgentWorld {
  readonly server: AuthorityServer
  readonly agent: HostAgent
  readonly dir: string
  readonly socketPath: string
  /** For gRPC. */
  readonly target: string
  readonly logLines: readonly string[]
  /** Between agent and server, where it was asked for. */
  readonly proxy: CuttableProxy | undefined
  [Symbol.asyncDispose](): Promise<void>
}

export interface WorldOptions {
  readonly settings?: Partial<AuthoritySettings>
  readonly config?: Readonly<Record<string, unknown>>
  /** Default: this very process is `tests`. */
  readonly bind?: readonly { readonly identity: string; readonly selectors: readonly string[] }[]
  readonly startsAway?: boolean
  readonly throughProxy?: boolean
}

export const ownUid = process.getuid?.() ?? 0

export async function startHostAgentWorld(options: WorldOptions = {}): Promise<HostAgentWorld> {
  const dir = await makeTempDir('host-agent')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const proxy = options.throughProxy === true ? await startCuttableProxy() : undefined
  const server = await startAuthorityServer(privateKey, options.settings, proxy?.url)
  proxy?.leadTo(server.port)
  for (const binding of options.bind ?? [{ identity: 'tests', selectors: [`unix:uid:${ownUid}`] }]) server.bind(binding)
  const { url } = server
  if (options.startsAway === true) await server.goAway()
  const socketPath = join(dir, 'agent.sock')
  const config = parseHostAgentConfig({ socket: socketPath, ...options.config }, { passwd: '', group: '' })
  const over = new AbortController()
  const now = () => new Date()
  const dpop = makeDpop({ now })
  const tokens = makeAccessTokens(url, keyProof('host-1', privateKey, now), now, over.signal, dpop)
  const client = { baseUrl: url, authorizer: dpopAuthorizer(dpop, () => tokens.current()) }
  const logLines: string[] = []
  const log = makeLog(
    (line) => void logLines.push(line),
    () => Date.now(),
  )
  const authority = makeHttpAuthority({ client, tokens, silenceSeconds: config.silenceSeconds })
  const agent = await startHostAgent(config, {
    authority,
    timing: systemTiming,
    log,
    credentials: httpCredentials(url, now),
  })
  if (options.startsAway !== true) await until(() => agent.isReady(), { describe: 'the agent has the bundles' })
  return {
    server,
    agent,
    dir,
    socketPath,
    target: `unix://${socketPath}`,
    logLines,
    proxy,
    async [Symbol.asyncDispose]() {
      await agent.stop()
      over.abort()
      await server[Symbol.asyncDispose]()
      await proxy?.close()
    },
  }
}

export function securityHeader(...values: readonly string[]): Metadata {
  const metadata = new Metadata()
  for (const value of values.length === 0 ? ['true'] : values) metadata.add('workload.spiffe.io', value)
  return metadata
}

export interface X509Answer {
  readonly svids: readonly {
    readonly spiffe_id: string
    readonly x509_svid: Buffer
    readonly x509_svid_key: Buffer
    readonly bundle: Buffer
    readonly hint: string
  }[]
  readonly crl: readonly Buffer[]
  readonly federated_bundles: Readonly<Record<string, Buffer>>
}
export interface JwtAnswer {
  readonly svids: readonly { readonly spiffe_id: string; readonly svid: string; readonly hint: string }[]
}
export interface BundlesAnswer {
  readonly bundles: Readonly<Record<string, Buffer>>
}

/** A client with a connection of its own. */
export function openClient(target: string): Client {
  return new Client(target, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 50,
  })
}

export function callUnary<T>(
  client: Client,
  method: string,
  request: object,
  metadata: Metadata = securityHeader(),
  service = 'SpiffeWorkloadAPI',
): Promise<T> {
  const { path, requestSerialize, responseDeserialize } = methodOf(service, method)
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => T,
      request,
      metadata,
      {},
      (error, value) => (error === null && value !== undefined ? resolve(value) : reject(error as Error)),
    )
  })
}

export interface Watch<T> {
  readonly messages: readonly T[]
  readonly call: ClientReadableStream<T>
  /** Resolves with the status that it ended with. */
  readonly ended: Promise<ServiceError>
  /** The message at this place, once it has come. */
  at(index: number): Promise<T>
}

export function watchStream<T>(
  client: Client,
  method: string,
  metadata: Metadata = securityHeader(),
  service = 'SpiffeWorkloadAPI',
): Watch<T> {
  const { path, requestSerialize, responseDeserialize } = methodOf(service, method)
  const call = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize as (bytes: Buffer) => T,
    {},
    metadata,
    {},
  )
  const messages: T[] = []
  call.on('data', (message: T) => messages.push(message))
  const ended = new Promise<ServiceError>((resolve) => call.on('error', (error: ServiceError) => resolve(error)))
  return {
    messages,
    call,
    ended,
    async at(index) {
      const over = ended.then((error) => {
        throw new Error(`the stream ended (${error.code}: ${error.details}) before message ${index}`)
      })
      over.catch(() => undefined)
      return Promise.race([until(() => messages[index], { describe: `message ${index} of ${method} has come` }), over])
    },
  }
}

export function openDuplex<Q, A>(client: Client, service: string, method: string): ClientDuplexStream<Q, A> {
  const { path, requestSerialize, responseDeserialize } = methodOf(service, method)
  return client.makeBidiStreamRequest(
    path,
    requestSerialize as (value: Q) => Buffer,
    responseDeserialize as (bytes: Buffer) => A,
    new Metadata(),
    {},
  )
}

function methodOf(service: string, method: string) {
  const definition = serviceOf(service)[method]
  if (definition === undefined) throw new Error(`there is no method ${method}`)
  return definition as unknown as {
    readonly path: string
    readonly requestSerialize: (value: object) => Buffer
    readonly responseDeserialize: (bytes: Buffer) => unknown
  }
}

/** What a call is refused with. */
export async function refusalOf(
  answer: Promise<unknown>,
): Promise<{ readonly code: number; readonly details: string }> {
  try {
    await answer
  } catch (error) {
    const { code, details } = error as ServiceError
    return { code, details }
  }
  throw new Error('it was not refused')
}
