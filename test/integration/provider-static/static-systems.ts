/** The systems that know one secret for an account, each a real one, with accounts that Mayfly did not make. */
import type { JsonValue } from '@mayfly/domain'
import type { StaticAccount } from '@mayfly/provider-kit'
import { brokerTemplate } from '../provider-http/rabbitmq-template.ts'
import { makeStaticAccount as makeAtMysql, prepareMysql } from '../provider-mysql/mysql-fixture.ts'
import { makeStaticAccount as makeAtPostgres, preparePostgres } from '../provider-postgres/postgres-fixture.ts'
import { makeStaticAccount as makeAtRabbitmq, openBroker } from '../provider-rabbitmq/rabbitmq-fixture.ts'

export interface PreparedSystem extends AsyncDisposable {
  readonly settings: Readonly<Record<string, unknown>>
  /** Mayfly's own login there. */
  readonly login: Readonly<Record<string, JsonValue>>
  /** What a reader is told of where it is. */
  readonly told: Readonly<Record<string, string | number>>
  makeAccount(): Promise<StaticAccount>
}

export const staticSystems = {
  async http() {
    const broker = await openBroker()
    const { managementUrl, username, password } = broker.access
    return {
      settings: brokerTemplate(managementUrl, username).settings,
      login: { value: password },
      told: { base_url: managementUrl },
      makeAccount: () => makeAtRabbitmq(broker, 'management API'),
      [Symbol.asyncDispose]: async () => undefined,
    }
  },
  async mysql() {
    const prepared = await prepareMysql()
    const { settings, mayflyLogin: login, app: database } = prepared
    const { host, port } = prepared.access
    return {
      settings,
      login,
      told: { host, port, database },
      makeAccount: () => makeAtMysql(prepared),
      [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose](),
    }
  },
  async postgres() {
    const prepared = await preparePostgres(18, 'functions')
    const { settings, mayflyLogin: login, database } = prepared
    return {
      settings,
      login,
      told: { host: settings.host, port: settings.port, database },
      makeAccount: () => makeAtPostgres(prepared),
      [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose](),
    }
  },
  async rabbitmq() {
    const broker = await openBroker()
    const { settings } = broker
    const { username, password } = broker.access
    return {
      settings,
      login: { username, password },
      told: { host: settings.host, port: settings.port },
      makeAccount: () => makeAtRabbitmq(broker, 'AMQP'),
      [Symbol.asyncDispose]: async () => undefined,
    }
  },
} as const satisfies Readonly<Record<string, () => Promise<PreparedSystem>>>

export type StaticSystemKind = keyof typeof staticSystems
