/** What a node says of itself, in one INFO (Redis documentation, "INFO"). */
import type { Command, Reply } from './redis-connection.ts'
import type { Address } from './redis-settings.ts'

export interface NodeFacts {
  readonly version: string
  /** Another one after each start. */
  readonly runId: string
  /**
   * At the latest, by Mayfly's clock: the node tells whole seconds, one too many at times, and they count until it
   * answered. Counted from the question, a slow answer would put the start before what was made in the run before.
   */
  readonly startedAt: Date
  readonly isCluster: boolean
  readonly role: 'primary' | 'replica'
  /** The same for a primary and all its replicas. */
  readonly replicationId: string
  /** Of a replica: its primary, as it knows it. */
  readonly primary: Address | undefined
  /** Of a primary: the replicas that are connected to it, as they announced themselves. */
  readonly replicas: readonly Address[]
  /** How often the ACL file was written since the start, or since CONFIG RESETSTAT. */
  readonly aclSaves: number
}

export const factsCommand: Command = ['INFO', 'server', 'replication', 'cluster', 'commandstats']

export function parseFacts(reply: Reply | undefined, answeredAt: Date): NodeFacts {
  const fields = new Map<string, string>()
  for (const line of String(reply).split('\r\n')) {
    const at = line.indexOf(':')
    if (at > 0 && !line.startsWith('#')) fields.set(line.slice(0, at), line.slice(at + 1))
  }
  const field = (name: string) => fields.get(name) ?? ''
  const isReplica = field('role') === 'slave'
  return {
    version: fields.get('valkey_version') ?? field('redis_version'),
    runId: field('run_id'),
    startedAt: new Date(answeredAt.getTime() - (Number(field('uptime_in_seconds')) - 1) * 1_000),
    isCluster: field('cluster_enabled') === '1',
    role: isReplica ? 'replica' : 'primary',
    replicationId: field('master_replid'),
    primary: isReplica ? { host: field('master_host'), port: Number(field('master_port')) } : undefined,
    replicas: isReplica ? [] : replicasOf(fields),
    aclSaves: successes(field('cmdstat_acl|save')),
  }
}

/** `slave0:ip=10.0.0.2,port=6379,state=online,offset=…,lag=…` */
function replicasOf(fields: ReadonlyMap<string, string>): readonly Address[] {
  const replicas: Address[] = []
  for (let at = 0; ; at += 1) {
    const line = fields.get(`slave${at}`)
    if (line === undefined) return replicas
    const pairs = new Map(
      line.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    )
    const [host, port] = [pairs.get('ip'), Number(pairs.get('port'))]
    if (host !== undefined && host !== '' && port > 0) replicas.push({ host, port })
  }
}

/** `calls=3,usec=…,rejected_calls=0,failed_calls=1`: those that were done. */
function successes(line: string): number {
  const number = (name: string) => Number(new RegExp(`(?:^|,)${name}=(\\d+)`).exec(line)?.[1] ?? 0)
  return Math.max(0, number('calls') - number('failed_calls'))
}
