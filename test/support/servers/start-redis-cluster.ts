import { randomBytes } from 'node:crypto'
import { until } from '../until.ts'
import { runRedis } from './run-redis.ts'
import { type RedisServer, startRedis } from './start-redis.ts'

export interface RedisCluster {
  /** Two, with half of the slots each. */
  readonly primaries: readonly [RedisServer, RedisServer]
  /** Of the first. */
  readonly replica: RedisServer
  stop(): Promise<void>
}

/** Two primaries and a replica of the first: as small as a cluster can be that has all there is. */
export async function startRedisCluster(dir: string): Promise<RedisCluster> {
  const clusterPassword = randomBytes(24).toString('base64url')
  const started: RedisServer[] = []
  const start = async () => {
    const server = await startRedis(dir, { clusterPassword })
    started.push(server)
    return server
  }
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
  }
  try {
    const [first, second, replica] = [await start(), await start(), await start()]
    await runRedis(first.access, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8191')
    await runRedis(second.access, 'CLUSTER', 'ADDSLOTSRANGE', '8192', '16383')
    for (const [at, { access, clusterPort }] of [second, replica].entries()) {
      await runRedis(access, 'CLUSTER', 'SET-CONFIG-EPOCH', String(at + 2))
      // Meeting needs the cluster's own port, which is not the usual one here.
      await runRedis(first.access, 'CLUSTER', 'MEET', access.host, String(access.port), String(clusterPort))
    }
    const everyNode = async (describe: string, isSo: (nodes: string, info: string) => boolean) => {
      for (const { access } of started) {
        const ask = async () =>
          isSo(await runRedis(access, 'CLUSTER', 'NODES'), await runRedis(access, 'CLUSTER', 'INFO'))
        await until(ask, { withinMs: 30_000, everyMs: 50, describe })
      }
    }
    await everyNode('the nodes know each other', (nodes) => nodes.trim().split('\n').length === started.length)
    await runRedis(replica.access, 'CLUSTER', 'REPLICATE', await runRedis(first.access, 'CLUSTER', 'MYID'))
    await everyNode(
      'the cluster serves its slots',
      (nodes, info) => info.includes('cluster_state:ok') && /\bslave\b/.test(nodes),
    )
    return { primaries: [first, second], replica, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
