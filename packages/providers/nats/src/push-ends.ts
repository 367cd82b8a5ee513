/**
 * Says at the target which credentials have ended: the account's JWT, with the full list of what is revoked.
 *
 * Promise: what others have put into the JWT stays as it is, their revocations too; each revocation of a credential that
 * is past its end is dropped. What was pushed is believed only when every server acts on it.
 * Order matters: NATS takes any JWT in place of any other, an older one too, so there is one writer at a time
 * (`published.exclusively`), and it begins with what is there.
 */
import { MayflyError } from '@mayfly/domain'
import type { AccountHandle, PublishedEnds } from '@mayfly/provider-kit'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type AccountReading,
  isRevoked,
  readAccount,
  readAccountClaims,
  revocationsOf,
  trustedAccount,
  type TrustedAccount,
} from './account-reading.ts'
import { issuedAtSeconds, lifeAt } from './nats-issue.ts'
import { signClaims } from './nats-jwt.ts'
import type { NatsWay } from './nats-way.ts'
import { requireKnownOperatorKey } from './operator-keys.ts'

export interface PushOutcome {
  /** Every server refuses these from now on. */
  readonly ended: readonly AccountHandle[]
  /** Not these, and why. */
  readonly pending: readonly { readonly handle: AccountHandle; readonly reason: string }[]
}

export interface PushInput {
  /** What must be refused after it. */
  readonly handles: readonly AccountHandle[]
  /** User keys whose revocation is taken out again: of nobody, since nobody has the private half any more. */
  readonly forget?: readonly string[]
  /** Push also where the servers say already what they should. */
  readonly anew?: boolean
}

/** One entry: `"U…":1700000000,`, and what base64 makes of it. */
const entryBytes = (70 * 4) / 3
/** When one looks whether every server has taken what was pushed. */
const looksAfterMs = [0, 50, 200, 1_000]

/** Runs alone at this account among all servers of Mayfly. */
export async function pushEnds(way: NatsWay, input: PushInput, signal: AbortSignal): Promise<PushOutcome> {
  return way.published.exclusively(() => pushAlone(way, input, signal), signal)
}

async function pushAlone(way: NatsWay, input: PushInput, signal: AbortSignal): Promise<PushOutcome> {
  const { account, published } = way
  const reading = await readAccount(way.session, account, signal)
  const base = trustedAccount(reading, account, way.trustedKeys)
  // Past its end by the slowest clock of the target, its own `exp` refuses it.
  const isLive = (handle: AccountHandle) => lifeAt(handle, reading.now) === 'live'
  const wanted = input.handles.filter(isLive)
  const over = input.handles.filter((handle) => !isLive(handle))
  const list = await nextList(published, base, wanted, input.forget ?? [], signal)
  if (input.anew !== true && list.isTheSame && isEverywhere(reading, base.token)) {
    return { ended: input.handles, pending: [] }
  }
  await requireKnownOperatorKey(way, reading, signal)
  const { token, left } = await sign(way, base, list, reading.now, signal)
  const seen = await push(way, token, signal)
  const why = whyNotEverywhere(seen, token)
  if (why !== undefined) return { ended: over, pending: wanted.map((handle) => ({ handle, reason: why })) }
  return {
    ended: input.handles.filter((handle) => !left.has(keyOf(handle))),
    pending: wanted
      .filter((handle) => left.has(keyOf(handle)))
      .map((handle) => ({
        handle,
        reason: `the account's list of revocations is full: the target takes no longer message; it has room when some of the ${list.kept.size} expire, or raise \`max_payload\` at the servers`,
      })),
  }
}

interface NextList {
  /** What is in the account's JWT and stays. */
  readonly kept: ReadonlyMap<string, number>
  /** What is to be added, the most urgent first. */
  readonly added: readonly (readonly [string, number])[]
  readonly isTheSame: boolean
}

async function nextList(
  published: PublishedEnds,
  base: TrustedAccount,
  wanted: readonly AccountHandle[],
  forget: readonly string[],
  signal: AbortSignal,
): Promise<NextList> {
  const before = revocationsOf(base.claims)
  const added = new Map<string, number>()
  const require = (key: string, issuedAt: number, endedAt: number) => {
    if ((before.get(key) ?? -1) < issuedAt) added.set(key, Math.max(issuedAt, endedAt))
  }
  const now = Math.floor(Date.now() / 1000)
  for (const handle of wanted) require(keyOf(handle), issuedAtSeconds(handle.credentialId), now)
  const live = new Set(wanted.map(keyOf))
  for (const { targetKey, credentialId, endedAt } of await published.listEnded(signal)) {
    if (targetKey === undefined) continue
    live.add(targetKey)
    if (!added.has(targetKey)) {
      require(targetKey, issuedAtSeconds(credentialId), Math.floor(endedAt.getTime() / 1000))
    }
  }
  const isTheSame = added.size === 0 && !forget.some((key) => before.has(key))
  const others = [...before.keys()].filter((key) => !live.has(key))
  // Dropped only when the list is written anyway: an expired entry costs room and nothing else.
  const gone = isTheSame || others.length === 0 ? new Set<string>() : await published.longOver(others, signal)
  const dropped = new Set([...gone, ...forget])
  return { kept: new Map([...before].filter(([key]) => !dropped.has(key))), added: [...added], isTheSame }
}

/** As much as the target takes in one message; what was revoked before stays in any case. */
async function sign(
  way: NatsWay,
  base: TrustedAccount,
  list: NextList,
  targetNow: Date,
  signal: AbortSignal,
): Promise<{ readonly token: string; readonly left: ReadonlySet<string> }> {
  const limit = await way.session.maxPayloadBytes(signal)
  const signed = (added: NextList['added']) =>
    signAccount(way, base, new Map([...list.kept, ...added]), Math.max(Date.now(), targetNow.getTime()))
  let fitting = list.added.length
  for (;;) {
    const token = signed(list.added.slice(0, fitting))
    if (token.length <= limit) return { token, left: new Set(list.added.slice(fitting).map(([key]) => key)) }
    if (fitting === 0) {
      throw new MayflyError('target_refused', {
        log: `nats: the JWT of ${way.account} has ${token.length} bytes of ${limit}`,
        publicDetail: `the account's list of revocations is full: ${list.kept.size} are in it already`,
        hint: 'raise `max_payload` at the servers',
      })
    }
    fitting = Math.max(0, fitting - Math.ceil((token.length - limit) / entryBytes))
  }
}

/** The same claims, but for the list and the time: newer than what it replaces, so that servers in exchange keep it. */
function signAccount(
  { operatorKey }: NatsWay,
  { claims }: TrustedAccount,
  revocations: ReadonlyMap<string, number>,
  nowMs: number,
): string {
  const iat = Math.max(Math.floor(nowMs / 1000), claims.iat + 1)
  return signClaims(
    { ...claims, iat, nats: { ...claims.nats, revocations: Object.fromEntries(revocations) } },
    operatorKey,
  )
}

async function push(way: NatsWay, token: string, signal: AbortSignal): Promise<AccountReading> {
  const { session, account } = way
  // Of this account alone: the right for `$SYS.REQ.CLAIMS.UPDATE` would be one over all accounts. What comes back proves
  // nothing, so it is looked up.
  await session.ask(
    { subject: `$SYS.REQ.ACCOUNT.${account}.CLAIMS.UPDATE`, payload: token, doing: 'push the account' },
    () => true,
    signal,
  )
  let seen = await readAccount(session, account, signal)
  for (const afterMs of looksAfterMs) {
    if (isEverywhere(seen, token)) return seen
    await delay(afterMs, undefined, { signal }).catch(() => undefined)
    seen = await readAccount(session, account, signal)
  }
  return seen
}

function isEverywhere(reading: AccountReading, token: string): boolean {
  return whyNotEverywhere(reading, token) === undefined
}

function whyNotEverywhere({ servers, answered, stored, applied }: AccountReading, token: string): string | undefined {
  if (answered < servers) return `${servers - answered} of the ${servers} servers of the cluster do not answer`
  if (applied.some((one) => one !== token)) {
    return stored.every((one) => one === token)
      ? 'a server has stored what Mayfly signed and does not act on it'
      : 'a server of the cluster has another version of the account'
  }
  if (stored.length === 0 || stored.some((one) => one !== token)) {
    return 'a server of the cluster has stored another version of the account'
  }
  return undefined
}

export function keyOf({ accountName, targetKey }: AccountHandle): string {
  if (targetKey !== undefined) return targetKey
  throw new MayflyError('internal', { log: `nats: ${accountName}: a handle without its key` })
}

/** Judges whether every JWT that a server has refuses a credential; where one is of another's making, none is refused. */
export function endedEverywhere(way: NatsWay, reading: AccountReading): (handle: AccountHandle) => boolean {
  const lists = [...new Set([...reading.stored, ...reading.applied])].map((token) => {
    const claims = readAccountClaims(token, way.account)
    return claims !== undefined && way.trustedKeys.has(claims.iss) ? revocationsOf(claims) : new Map<string, number>()
  })
  return (handle) =>
    lists.length > 0 && lists.every((list) => isRevoked(list, keyOf(handle), issuedAtSeconds(handle.credentialId)))
}
