/**
 * What the servers of the cluster say of one account: what each has stored, and what each acts on.
 *
 * The two differ: a server stores whatever is well-formed ("200 jwt updated") and acts only on what a key of its operator
 * has signed. So both are asked, of every server.
 */
import { MayflyError } from '@mayfly/domain'
import { type Claims, isRecord, readClaims } from './nats-jwt.ts'
import type { SystemSession } from './system-session.ts'

export interface AccountReading {
  /** How many servers the cluster has, and how many of them answered. */
  readonly servers: number
  readonly answered: number
  /** The JWT in each server's store. */
  readonly stored: readonly string[]
  /** What each server acts on; a server that has not needed the account yet reads its store when it does. */
  readonly applied: readonly string[]
  /** The slowest of the servers' clocks. */
  readonly now: Date
}

/** The JWT of an account that the resource believes, the newest there is. */
export interface TrustedAccount {
  readonly token: string
  readonly claims: Claims
}

interface ServerList {
  readonly count: number
  readonly ids: ReadonlySet<string>
  readonly now: Date
}

export async function readAccount(
  session: SystemSession,
  account: string,
  signal: AbortSignal,
): Promise<AccountReading> {
  const { count, ids, now } = await listServers(session, signal)
  const [stored, infos] = await Promise.all([
    session.ask(
      { subject: `$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`, doing: 'look up the account' },
      (answers) => answers.length >= count,
      signal,
    ),
    session.ask(
      { subject: `$SYS.REQ.ACCOUNT.${account}.INFO`, doing: 'read the account' },
      (answers) => answers.length >= count,
      signal,
    ),
  ])
  const answers = infos.map(parseAnswer)
  return {
    servers: count,
    answered: Math.min(ids.size, new Set(answers.map((answer) => answer.serverId)).size),
    stored: stored.filter((token) => token !== ''),
    applied: answers.flatMap(({ data }) => {
      const token = isRecord(data) ? data['jwt'] : undefined
      return typeof token === 'string' ? [token] : []
    }),
    now,
  }
}

/** Every server counts those that it hears of; the highest count is the one to wait for. */
export async function listServers(session: SystemSession, signal: AbortSignal): Promise<ServerList> {
  let count = 1
  const answers = await session.ask(
    { subject: '$SYS.REQ.SERVER.PING.STATSZ', doing: 'list the servers' },
    (all) => {
      count = Math.max(count, ...all.slice(-1).map(activeServersOf))
      return all.length >= count
    },
    signal,
  )
  const times = answers.map((answer) => parseAnswer(answer).time)
  return {
    count,
    ids: new Set(answers.map((answer) => parseAnswer(answer).serverId)),
    now: new Date(Math.min(...times.map((time) => time.getTime()))),
  }
}

function activeServersOf(answer: string): number {
  const body = parseJson(answer)
  const statsz = isRecord(body) ? body['statsz'] : undefined
  const count = isRecord(statsz) ? statsz['active_servers'] : undefined
  return typeof count === 'number' ? count : 1
}

export interface ServerAnswer {
  readonly serverId: string
  readonly time: Date
  readonly data: unknown
}

/** The envelope that every server puts around its answer. */
export function parseAnswer(answer: string): ServerAnswer {
  const body = parseJson(answer)
  const server = isRecord(body) ? body['server'] : undefined
  if (isRecord(body) && isRecord(server)) {
    const { id, time } = server
    if (typeof id === 'string' && typeof time === 'string') {
      return { serverId: id, time: new Date(time), data: body['data'] }
    }
  }
  throw new MayflyError('target_refused', {
    log: 'nats: an answer of a server is not of its form',
    publicDetail: 'the target does not answer as NATS 2.9 and later do',
  })
}

function parseJson(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}

/**
 * The newest JWT among them that names the account and is signed by a key that the resource trusts. Nothing else may be
 * the ground of a new one: whoever can write to the servers' stores would get Mayfly's signature under what they like.
 *
 * @throws MayflyError `target_unsafe`
 */
export function trustedAccount(reading: AccountReading, account: string, trusted: ReadonlySet<string>): TrustedAccount {
  const issuers = new Set<string>()
  let newest: TrustedAccount | undefined
  for (const token of new Set([...reading.stored, ...reading.applied])) {
    const claims = readAccountClaims(token, account)
    if (claims === undefined) continue
    if (!trusted.has(claims.iss)) issuers.add(claims.iss)
    else if (newest === undefined || claims.iat > newest.claims.iat) newest = { token, claims }
  }
  if (newest !== undefined) return newest
  if (reading.stored.length === 0 && reading.applied.length === 0) {
    throw new MayflyError('target_refused', {
      log: `nats: no JWT of ${account}`,
      publicDetail: 'the target has no such account',
      hint: 'correct `account_public_key`, or push the account to the servers (`nsc push`)',
    })
  }
  throw new MayflyError('target_unsafe', {
    log: `nats: the JWT of ${account} is signed by ${[...issuers].join(', ')}`,
    publicDetail: "the account's JWT at the target is signed by a key that the resource does not trust",
    hint: `if it is yours, add it to \`trusted_operator_keys\`: ${[...issuers].join(', ')}`,
  })
}

/** @returns undefined where it is no JWT of this account, whoever has signed it */
export function readAccountClaims(token: string, account: string): Claims | undefined {
  const claims = readClaims(token, 'operator')
  return claims?.sub === account && claims.nats['type'] === 'account' ? claims : undefined
}

/** User keys, or `*` for all, and until when made they are revoked: in seconds since 1970. */
export function revocationsOf({ nats }: Claims): ReadonlyMap<string, number> {
  const { revocations } = nats
  if (!isRecord(revocations)) return new Map()
  return new Map(Object.entries(revocations).flatMap(([key, at]) => (typeof at === 'number' ? [[key, at]] : [])))
}

/** As the server decides it (`isRevoked` in server/accounts.go): by the time at which the user's JWT was made. */
export function isRevoked(revocations: ReadonlyMap<string, number>, userKey: string, issuedAt: number): boolean {
  return [userKey, '*'].some((key) => (revocations.get(key) ?? -1) >= issuedAt)
}
