/** A target for the benchmarks: a Redis of its own, with Mayfly's rights as the guide gives them. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@mayfly/domain'
import type { AccountHandle, IssuedAccount } from '@mayfly/provider-kit'
import { adminKeys, adminRights, redisProvider, type RedisTarget } from '@mayfly/provider-redis'
import { runRedis } from '../test/support/servers/run-redis.ts'
import { type RedisAccess, startRedis } from '../test/support/servers/start-redis.ts'
import { inLanes } from './limits/http-calls.ts'

export const permission = redisProvider.permission.parse({ categories: ['read', 'write'], keys: ['orders:*'] })
export const inFlight = 8
const signal = new AbortController().signal

export interface BenchRedis {
  readonly target: RedisTarget
  readonly access: RedisAccess
  /** How a resource of it is registered. */
  readonly place: {
    readonly settings: object
    readonly secret: { readonly username: string; readonly password: string }
  }
  close(): Promise<void>
}

export async function startBenchRedis(options: { readonly withAclFile?: boolean } = {}): Promise<BenchRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
  await chmod(directory, 0o711)
  const server = await startRedis(directory, options)
  const secret = { username: 'mayfly', password: randomBytes(24).toString('base64url') }
  await runRedis(
    server.access,
    'ACL',
    'SETUSER',
    secret.username,
    'reset',
    'on',
    `>${secret.password}`,
    adminKeys,
    ...adminRights,
  )
  const { host, port } = server.access
  const settings = { host, port, tls: { mode: 'disabled_loopback_only' } }
  const target = await redisProvider.open({
    settings: redisProvider.settings.parse(settings),
    secret: redisProvider.secret.parse(secret),
  })
  return {
    target,
    access: server.access,
    place: { settings, secret },
    async close() {
      await target.close()
      await server.stop()
      await rm(directory, { recursive: true })
    },
  }
}

export async function issueUsers(
  target: RedisTarget,
  handles: readonly AccountHandle[],
  lanes = inFlight,
): Promise<readonly IssuedAccount[]> {
  const issued: IssuedAccount[] = []
  await inLanes(lanes, handles, async (handle) => {
    const request = {
      permission,
      parameters: {},
      expiresAt: new Date(Date.now() + 3_600_000),
      createDeadlineAt: new Date(Date.now() + 10_000),
    }
    issued.push(await target.issue(handle, request, signal))
  })
  return issued
}

export function newHandles(count: number): readonly AccountHandle[] {
  return Array.from({ length: count }, () => redisProvider.plan(newId()))
}
