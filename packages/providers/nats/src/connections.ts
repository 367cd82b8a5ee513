import { MayflyError } from '@mayfly/domain'
import { listServers, parseAnswer } from './account-reading.ts'
import { isRecord } from './nats-jwt.ts'
import type { NatsWay } from './nats-way.ts'

/** One connection of the account, as the server that holds it tells. */
export interface Connection {
  readonly serverId: string
  readonly connectionId: number
  /** The key of the user's JWT; empty while the login is under way. */
  readonly userKey: string
  /** Who signed the user's JWT, and how it names itself. */
  readonly issuerKey: string
  readonly name: string
  readonly address: string
  readonly since: Date
}

/** In one answer a server: pages are no snapshot, and one that closes meanwhile makes another one be missed. */
const allAtOnce = 1_000_000

/**
 * All connections of the account, leaf nodes included, at every server of the cluster; and the slowest clock.
 *
 * @throws MayflyError `target_unreachable` where a server does not answer: who is connected there is not known
 */
export async function listConnections(
  way: NatsWay,
  signal: AbortSignal,
): Promise<{ readonly connections: readonly Connection[]; readonly now: Date }> {
  const { session, account } = way
  const servers = await listServers(session, signal)
  const answers = await session.ask(
    {
      subject: `$SYS.REQ.ACCOUNT.${account}.CONNZ`,
      payload: JSON.stringify({ auth: true, limit: allAtOnce }),
      doing: 'list the connections',
    },
    (all) => all.length >= servers.count,
    signal,
  )
  const parsed = answers.map(parseAnswer)
  if (new Set(parsed.map((answer) => answer.serverId)).size < servers.count) {
    throw new MayflyError('target_unreachable', {
      log: `nats: ${parsed.length} of ${servers.count} servers listed their connections`,
      publicDetail: 'a server of the cluster does not answer',
    })
  }
  const connections = parsed.flatMap(({ serverId, data }) => {
    const listed = isRecord(data) ? data['connections'] : undefined
    if (!Array.isArray(listed)) throw unreadable()
    return listed.map((one: unknown) => readConnection(serverId, one))
  })
  return { connections, now: servers.now }
}

function readConnection(serverId: string, one: unknown): Connection {
  if (!isRecord(one)) throw unreadable()
  const { cid, ip, start } = one
  if (typeof cid !== 'number' || typeof ip !== 'string' || typeof start !== 'string') throw unreadable()
  return {
    serverId,
    connectionId: cid,
    userKey: textOf(one['authorized_user']),
    issuerKey: textOf(one['issuer_key']),
    name: textOf(one['name_tag']),
    address: ip,
    since: new Date(start),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function unreadable(): MayflyError {
  return new MayflyError('target_refused', {
    log: 'nats: a list of connections is not of its form',
    publicDetail: 'the target does not answer as NATS 2.9 and later do',
  })
}
