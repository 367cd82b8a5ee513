/**
 * The target: a second PostgreSQL, apart from Mayfly's own store, as a team runs it. It is set up with the very SQL that
 * `mayfly resource guide postgres` prints; Mayfly gets a login that may call those functions and nothing else.
 */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { Secret } from '@mayfly/provider-kit'
import { functionsGuide } from '@mayfly/provider-postgres'
import { startEmbeddedPostgres } from '../../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'

export interface OrdersDatabase {
  readonly host: string
  readonly port: number
  readonly database: string
  /** Mayfly's own login there. */
  readonly login: { readonly username: string; readonly password: string }
  superuser(): Promise<Client>
  stop(): Promise<void>
}

export async function startOrdersDatabase(dataDir: string): Promise<OrdersDatabase> {
  const superuserPassword = new Secret(randomBytes(24).toString('base64url'))
  const server = await startEmbeddedPostgres({ dataDir, superuserPassword, settings: { max_connections: '300' } })
  const connect = async (database: string) => {
    const client = new Client(server.connectionUrl(server.superuser, superuserPassword, database))
    // The demo ends servers while it watches; a broken connection is then part of the story.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const login = { username: 'mayfly', password: randomBytes(24).toString('base64url') }
  const postgres = await connect('postgres')
  await postgres.query('create database orders')
  await postgres.end()
  const orders = await connect('orders')
  await orders.query(`
    create table orders (id bigint primary key, customer text not null, total numeric not null);
    insert into orders select n, 'customer-' || n, n * 9.5 from generate_series(1, 250) as n;
    create role orders_readonly nologin;
    create role orders_admin nologin;
    grant usage on schema public to orders_readonly, orders_admin;
    grant select on orders to orders_readonly;
    grant all on orders to orders_admin;`)
  await orders.query(functionsGuide({ login: login.username, groups: ['orders_readonly', 'orders_admin'] }))
  await orders.query(`alter role mayfly password '${login.password}'`)
  await orders.end()
  return {
    host: server.host,
    port: server.port,
    database: 'orders',
    login,
    superuser: () => connect('orders'),
    stop: () => server.stop('fast'),
  }
}

export interface OpenSession {
  readonly client: Client
  /** Resolves when the server ends the session. */
  readonly ended: Promise<void>
}

/** Logs in with an issued credential and keeps the session open. @throws when the target refuses */
export async function openSession(
  target: Pick<OrdersDatabase, 'host' | 'port' | 'database'>,
  credential: { readonly username: string; readonly password: string },
): Promise<OpenSession> {
  const client = new Client({
    host: target.host,
    port: target.port,
    database: target.database,
    user: credential.username,
    password: credential.password,
  })
  const ended = new Promise<void>((resolve) => {
    client.on('error', () => resolve())
    client.on('end', () => resolve())
  })
  await client.connect()
  return { client, ended }
}
