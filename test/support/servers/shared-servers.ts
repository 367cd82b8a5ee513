/**
 * The servers that test files share beside the PostgreSQL clusters: each is started when the first file asks for it, once
 * in a run, and ended with the run. A new one is a line here.
 */
import { startMysql } from './start-mysql.ts'
import { startNats } from './start-nats.ts'
import { startRabbitmq } from './start-rabbitmq.ts'
import { startRedis } from './start-redis.ts'

/** How to reach a server that runs: plain data, so that it can be told to another process. A password is text here. */
export type SharedAccess = Readonly<Record<string, unknown>>

export interface SharedServer<Access extends SharedAccess> {
  readonly access: Access
  stop(): Promise<void>
}

/** @param dir its own empty folder, in memory; removed after the run. Other users may pass through it */
export type StartShared<Access extends SharedAccess> = (dir: string) => Promise<SharedServer<Access>>

export const sharedServers = {
  mysql: (dir) => startMysql(dir),
  nats: (dir) => startNats(dir),
  rabbitmq: (dir) => startRabbitmq(dir),
  redis: (dir) => startRedis(dir),
} as const satisfies Readonly<Record<string, StartShared<SharedAccess>>>

export type SharedKind = keyof typeof sharedServers
