import { type CredentialId, MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type Holder,
  type IssuedAccount,
  type IssueRequest,
  requireAccountNames,
  Secret,
  sourceAddressOf,
  type TargetKey,
  rememberByText,
} from '@mayfly/provider-kit'
import { formatCredentials } from './nats-credentials.ts'
import { signClaims } from './nats-jwt.ts'
import { type NatsPermission, natsPermission } from './nats-permission.ts'
import type { NatsSettings } from './nats-settings.ts'
import { isPublicNkey, makeNkey, type Nkey } from './nkey.ts'

/** The holder's own nkey, or a fresh one. A key is of one credential only: its end is the end of the key. */
export function prepareUserKey({ publicKey }: Holder): TargetKey {
  if (publicKey === undefined) {
    const { key, seed } = makeNkey('user')
    return { targetKey: key.publicKey, privateKey: new Secret(seed) }
  }
  if (isPublicNkey('user', publicKey)) return { targetKey: publicKey }
  throw new MayflyError('request_invalid', {
    fields: [
      {
        pointer: '/public_key',
        detail: 'not the public nkey of a user: 56 characters that begin with `U` (`nk -gen user -pubout`)',
      },
    ],
  })
}

/** When a user's JWT was made, as it says itself: a revocation counts where it is not older. In seconds since 1970. */
export function issuedAtSeconds(credentialId: CredentialId): number {
  // RFC 9562 section 5.7: the first 48 bits are the milliseconds. So the handle alone tells it, also when it ends.
  return Math.floor(Number.parseInt(credentialId.replaceAll('-', '').slice(0, 12), 16) / 1000)
}

/**
 * Where a credential stands in its time, by a clock of the target. `ending` is the last second: NATS compares whole seconds,
 * lets a login in once more and ends it at once.
 */
export function lifeAt({ expiresAt }: AccountHandle, now: Date): 'live' | 'ending' | 'over' {
  if (expiresAt === undefined) return 'live'
  const leftMs = expSeconds(expiresAt) * 1000 - now.getTime()
  return leftMs > 0 ? 'live' : leftMs > -1_000 ? 'ending' : 'over'
}

/** Never later than asked. */
function expSeconds(expiresAt: Date): number {
  return Math.floor(expiresAt.getTime() / 1000)
}

/** Signs. The target is not asked: it learns of the credential at its first login. */
export function issueUser(
  settings: NatsSettings,
  accountKey: Nkey,
  handle: AccountHandle,
  request: IssueRequest<NatsPermission>,
  signal: AbortSignal,
): IssuedAccount {
  requireAccountNames([handle])
  const { key, holder, expiresAt } = request
  if (key === undefined || key.targetKey !== handle.targetKey) {
    throw new MayflyError('internal', { log: `nats: ${handle.accountName}: issue without its key` })
  }
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'nats: issue: aborted by the caller' })
  if (request.createDeadlineAt <= new Date()) {
    throw new MayflyError('target_timeout', {
      log: 'nats: issue: after its deadline',
      publicDetail: 'it came too late',
    })
  }
  if (Object.keys(request.parameters).length > 0) {
    throw new MayflyError('target_refused', {
      publicDetail: 'a role of this kind takes no parameters',
      hint: 'name the subjects in the permission of the role',
    })
  }
  const permission = parsePermission(request.permission)
  const exp = expSeconds(expiresAt)
  const issuedAt = issuedAtSeconds(handle.credentialId)
  const source = settings.bind_source_address ? sourceAddressOf(holder) : undefined
  const jwt = signClaims(
    {
      iat: issuedAt,
      exp,
      // So that whoever looks at the target sees which credential it is.
      name: handle.accountName,
      sub: key.targetKey,
      nats: {
        ...(accountKey.publicKey === settings.account_public_key
          ? {}
          : { issuer_account: settings.account_public_key }),
        ...userPermissions(permission, handle),
        // Absent would be 0, and 0 is none.
        subs: permission.max_subscriptions ?? -1,
        data: -1,
        payload: permission.max_payload_bytes ?? -1,
        ...(source === undefined ? {} : { src: [source] }),
        allowed_connection_types: settings.connection_types,
        type: 'user',
        version: 2,
      },
    },
    accountKey,
  )
  const { privateKey } = key
  return {
    fields: {
      servers: settings.servers
        .map((server) => `${settings.tls.mode === 'verify_full' ? 'tls' : 'nats'}://${server}`)
        .join(','),
      user_public_key: key.targetKey,
      // Says who; opens nothing without the key.
      jwt,
      ...(permission.private_inbox ? { inbox_prefix: inboxOf(handle) } : {}),
      ...(privateKey === undefined
        ? {}
        : { seed: privateKey, credentials_file: new Secret(formatCredentials(jwt, privateKey.reveal())) }),
    },
    boundTo: privateKey === undefined ? 'key' : source === undefined ? 'none' : 'address',
    expiresAt: new Date(exp * 1000),
  }
}

/** What was stored may be of another version, and a caller's words go into a signature: judged again. */
const parsePermission = rememberByText((given: NatsPermission): NatsPermission => {
  const parsed = natsPermission.safeParse(given)
  if (parsed.success) return parsed.data
  throw new MayflyError('target_refused', {
    log: `nats: permission: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
    publicDetail: 'the permission of the role is not valid for NATS',
    hint: 'correct the subjects of the role',
  })
}, 100)

function userPermissions(permission: NatsPermission, handle: AccountHandle): Readonly<Record<string, unknown>> {
  const { publish, subscribe, allow_responses: responses } = permission
  const inbox = permission.private_inbox ? [`${inboxOf(handle)}.>`] : []
  return {
    pub: rulesOf(publish?.allow ?? [], publish?.deny ?? []),
    sub: rulesOf([...(subscribe?.allow ?? []), ...inbox], subscribe?.deny ?? []),
    // Nanoseconds, as a duration of Go.
    ...(responses === undefined ? {} : { resp: { max: responses.max_messages, ttl: responses.ttl_ms * 1_000_000 } }),
  }
}

/** To NATS an empty list of what is allowed allows everything. */
function rulesOf(allow: readonly string[], deny: readonly string[]) {
  if (allow.length === 0) return { deny: ['>'] }
  return { allow, ...(deny.length === 0 ? {} : { deny }) }
}

/** Not under `_INBOX.`, which others may be allowed to listen to as a whole. */
function inboxOf({ accountName }: AccountHandle): string {
  return `_INBOX_${accountName}`
}
