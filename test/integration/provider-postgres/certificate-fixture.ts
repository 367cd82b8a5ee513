/** A server of the test's own that asks logins for their client certificate, as the guide says. */
import { generateKeyPairSync } from 'node:crypto'
import { type CheckFinding, type IssuedAccount, type IssueRequest, Secret } from '@mayfly/provider-kit'
import {
  certificateGuide,
  hostBasedRules,
  type PostgresPermission,
  postgresProvider,
  type PostgresSecret,
  type PostgresSettings,
  type PostgresTarget,
} from '@mayfly/provider-postgres'
import pg from 'pg'
import { type DurableCluster, startDurableCluster } from '../../support/index.ts'
import { makeCertificate } from './make-certificate.ts'
import {
  type Issued,
  type Mode,
  noSignal,
  type OpenSession,
  type Prepared,
  preparePostgres,
  requestFor,
} from './postgres-fixture.ts'
import { trustClientsOf, turnOnTls, useRules } from './server-files.ts'

export const certificateGroup = 'mayfly_certificate'
/** Everybody may come with a password: what the lines of the guide stand before. */
export const anyPassword = 'host all all 127.0.0.1/32 scram-sha-256'

export interface HolderKey {
  /** PEM `PUBLIC KEY`. */
  readonly publicKey: string
  readonly privateKeyPem: string
}

export interface ClientFiles {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export interface Certified extends AsyncDisposable {
  readonly cluster: DurableCluster
  readonly prepared: Prepared
  readonly settings: PostgresSettings
  readonly secret: PostgresSecret
  readonly target: PostgresTarget
  /** Of the server's own certificate. */
  readonly serverCaPem: string
  readonly clientCaPem: string
  /** The lines of the guide, in their order. */
  readonly rules: readonly string[]
  readonly open: (over?: object, secret?: PostgresSecret) => Promise<PostgresTarget>
  issue(key: HolderKey, over?: Partial<IssueRequest<PostgresPermission>>): Promise<Issued>
  check(over?: object): Promise<readonly CheckFinding[]>
  /** How to connect with what was issued; without `client` no certificate is shown. */
  readonly login: (account: IssuedAccount, client?: ClientFiles) => pg.ClientConfig
}

export async function prepareCertified(version: 18 | 15, mode: Mode): Promise<Certified> {
  const cluster = await startDurableCluster({ version })
  const prepared = await preparePostgres(version, mode, cluster.access)
  const { rights } = prepared.settings
  const server = makeCertificate('127.0.0.1')
  await turnOnTls(cluster, server)
  await prepared.sql(
    certificateGuide({
      login: prepared.mayflyLogin.username,
      group: certificateGroup,
      creatorRoles: rights.mode === 'createrole' ? rights.creator_roles : [],
    }),
  )
  const settings = postgresProvider.settings.parse({
    ...prepared.settings,
    tls: { mode: 'verify_full', ca_pem: server.caPem },
    client_certificates: {},
  })
  const entered = postgresProvider.secret.parse(prepared.mayflyLogin)
  const completed = await postgresProvider.completeSecret(settings, entered, undefined)
  const secret = postgresProvider.secret.parse(JSON.parse(completed.reveal()))
  const open = (over: object = {}, opened = secret) =>
    postgresProvider.open({ settings: postgresProvider.settings.parse({ ...settings, ...over }), secret: opened })
  const target = await open()
  const document = await target.publish({ document: 'client-ca.pem' }, noSignal)
  const clientCaPem = Buffer.from(document?.body ?? []).toString()
  const rules = hostBasedRules({ login: prepared.mayflyLogin.username, group: certificateGroup })
  await trustClientsOf(cluster, clientCaPem)
  await useRules(cluster, [...rules, anyPassword])

  return {
    cluster,
    prepared,
    settings,
    secret,
    target,
    serverCaPem: server.caPem,
    clientCaPem,
    rules,
    open,
    async issue({ publicKey }, over = {}) {
      const handle = prepared.plan()
      const request = { ...requestFor(prepared.readers), holder: { publicKey }, ...over }
      return { handle, name: handle.accountName, account: await target.issue(handle, request, noSignal) }
    },
    async check(over) {
      const opened = await open(over)
      try {
        const probe = { permission: { member_of: [prepared.readers] }, newHandle: () => prepared.plan() }
        return await opened.check(probe, noSignal)
      } finally {
        await opened.close()
      }
    },
    login: ({ fields }, client) => {
      const { host, port, database, username, password } = fields
      return {
        host: String(host),
        port: Number(port),
        database: String(database),
        user: String(username),
        password: password instanceof Secret ? password.reveal() : String(password),
        connectionTimeoutMillis: 10_000,
        ssl: { ca: server.caPem, ...(client && { cert: client.certificatePem, key: client.privateKeyPem }) },
      }
    },
    async [Symbol.asyncDispose]() {
      await target.close()
      await prepared[Symbol.asyncDispose]()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

export function makeHolderKey(): HolderKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/** What the holder shows: the certificate that was issued, and its own key. */
export function clientOf({ fields }: IssuedAccount, { privateKeyPem }: HolderKey): ClientFiles {
  return { certificatePem: String(fields['client_certificate']), privateKeyPem }
}

/** `in`; `refused` with SQLSTATE class 28; else what went wrong, e.g. in the handshake. */
export async function tryConfig(config: pg.ClientConfig): Promise<string> {
  const client = new pg.Client(config)
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select note from app.orders')
    return 'in'
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code?.startsWith('28')) return 'refused'
    return String(error)
  } finally {
    await client.end()
  }
}

export async function openConfig(config: pg.ClientConfig): Promise<OpenSession> {
  const client = new pg.Client(config)
  // The target ends it in most of these tests; unheard, that would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return {
    client,
    isAlive: () =>
      client.query('select 1').then(
        () => true,
        () => false,
      ),
    close: () => client.end(),
  }
}
