/**
 * Whose signature under an account's JWT the servers act on: the operator's key and its signing keys, from their own
 * configuration.
 *
 * Asked before the first push. A server stores what another key has signed, acts on it as if it were not there, and lets
 * nobody into the account any more when it starts anew.
 */
import { MayflyError } from '@mayfly/domain'
import { type AccountReading, listServers, parseAnswer, readAccountClaims } from './account-reading.ts'
import { isRecord } from './nats-jwt.ts'
import type { NatsWay } from './nats-way.ts'

/** @throws MayflyError `target_unsafe`: a server does not know Mayfly's key; nothing has been pushed */
export async function requireKnownOperatorKey(
  way: NatsWay,
  reading: AccountReading,
  signal: AbortSignal,
): Promise<void> {
  const own = way.operatorKey.publicKey
  // What every server acts on was signed with it.
  const applied = reading.applied.map((token) => readAccountClaims(token, way.account)?.iss)
  if (applied.length === reading.servers && applied.every((issuer) => issuer === own)) return
  const servers = await listServers(way.session, signal)
  const answers = await way.session.ask(
    { subject: '$SYS.REQ.SERVER.PING.VARZ', doing: 'read the operator' },
    (all) => all.length >= servers.count,
    signal,
  )
  const keys = answers.map((answer) => operatorKeysOf(parseAnswer(answer).data))
  if (keys.every((known) => known.includes(own))) return
  const inOperatorMode = keys.every((known) => known.length > 0)
  throw new MayflyError('target_unsafe', {
    log: `nats: ${own} is not a key of the operator`,
    publicDetail: inOperatorMode
      ? `the operator's JWT in a server's configuration does not name Mayfly's key \`${own}\``
      : 'a server is not in operator mode',
    hint: inOperatorMode
      ? `\`nsc edit operator --sk ${own}\`, put the new JWT into the configuration of every server, and reload them`
      : 'only operator mode with `resolver: { type: full }` is supported',
  })
}

function operatorKeysOf(varz: unknown): readonly string[] {
  const operators = isRecord(varz) ? varz['trusted_operators_claim'] : undefined
  if (!Array.isArray(operators)) return []
  return operators.flatMap((operator: unknown) => {
    if (!isRecord(operator)) return []
    const { sub, nats } = operator
    const signingKeys: unknown = isRecord(nats) ? nats['signing_keys'] : undefined
    const keys: readonly unknown[] = [sub, ...(Array.isArray(signingKeys) ? signingKeys : [])]
    return keys.filter((key) => typeof key === 'string')
  })
}
