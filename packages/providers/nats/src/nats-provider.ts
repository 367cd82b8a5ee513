/**
 * The `nats` credential provider: a signed user of one account for each credential, in operator mode.
 *
 * Promise: a credential ends at the servers themselves at `expiresAt`, its open sessions too, and by `revoke` at any time:
 * no new login, no open session, seen at every server of the cluster.
 * Not here: servers that know users by a configuration file or an account resolver of another type than `full`.
 * Limits: see `guarantees.limits`.
 */
import { MayflyError } from '@mayfly/domain'
import {
  type AccountProvider,
  accountNameOf,
  type BulkRevocable,
  credentialOfAccountName,
  type SessionObserver,
  type Target,
} from '@mayfly/provider-kit'
import { checkTarget } from './nats-check.ts'
import { readCredentials } from './nats-credentials.ts'
import { revokeUsers } from './nats-cut.ts'
import { natsGuide } from './nats-guide.ts'
import { issueUser, prepareUserKey } from './nats-issue.ts'
import { listUserSessions, observeUsers } from './nats-observe.ts'
import { type NatsPermission, natsPermission } from './nats-permission.ts'
import { type NatsSecret, type NatsSettings, natsSecret, natsSettings } from './nats-settings.ts'
import type { NatsWay } from './nats-way.ts'
import { readSeed } from './nkey.ts'
import { openSystemSession } from './system-session.ts'

export type NatsTarget = Target<NatsPermission> & BulkRevocable & Pick<SessionObserver, 'listSessions'>

export const natsProvider = {
  kind: 'nats',
  title: 'NATS',
  settings: natsSettings,
  secret: natsSecret,
  addressSettings: ['servers', 'tls', 'account_public_key', 'trusted_operator_keys'],
  permission: natsPermission,
  guarantees: {
    expiryEnforcedBy: 'target',
    revokeCutsOpenSessions: true,
    bindings: ['key', 'address', 'none'],
    holderKeys: ['nkey'],
    limits: [
      'the target keeps no account: a credential without a row cannot be found there, and who has the account signing key can sign users that Mayfly does not know',
      'whoever may push account JWTs with a valid signature can put an older one in place and so let ended credentials in until Mayfly pushes again',
      'a server that is cut off from its cluster lets ended credentials in until it is back, at most until they expire; Mayfly says so and does not call them ended',
      'about 11,000 ended and not yet expired credentials fit into one account (`max_payload` 1 MB); more stay due until some expire',
      'one session cannot be ended alone: the end of a credential is the end of all its sessions',
      "Mayfly's own credentials at the system account are not changed by Mayfly: that needs the key of the system account",
      'what a credential has published, and durable consumers and streams that it was permitted to make, stay',
    ],
  },
  guide: () => natsGuide,
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,
  prepareKey: prepareUserKey,
  keepsNoAccount: true,
  // An address is in what is signed only where the resource says so; a key is the holder's own wherever it is sent along.
  bindingsUnder: (settings) => (settings.bind_source_address ? ['key', 'address', 'none'] : ['key', 'none']),

  async open({ settings, secret, published }): Promise<NatsTarget> {
    const accountKey = readSeed('account', secret.account_signing_key.reveal())
    const operatorKey = readSeed('operator', secret.operator_signing_key.reveal())
    const credentials = readCredentials(secret.system_credentials.reveal())
    if (accountKey === undefined || operatorKey === undefined || credentials === undefined) {
      throw new MayflyError('settings_invalid', { publicDetail: 'the secret of the resource is not what NATS needs' })
    }
    if (published === undefined) throw new MayflyError('internal', { log: 'nats: opened without what has ended' })
    const session = openSystemSession(settings, credentials)
    const way: NatsWay = {
      settings,
      session,
      account: settings.account_public_key,
      accountKey,
      operatorKey,
      trustedKeys: new Set([operatorKey.publicKey, ...settings.trusted_operator_keys]),
      published,
    }
    return {
      revokeBatchSize: 1_000,
      issue: async (handle, request, signal) => issueUser(settings, accountKey, handle, request, signal),
      revoke: (handles, report, signal) => revokeUsers(way, handles, report, signal),
      observe: (handles, signal) => observeUsers(way, handles, signal),
      listSessions: (signal) => listUserSessions(way, signal),
      check: (probe, signal) => checkTarget(way, credentials.jwt, probe, signal),
      close: () => session.close(),
    }
  },
} satisfies AccountProvider<NatsSettings, NatsPermission, NatsSecret>
