/**
 * The `rabbitmq` credential provider: one user for each credential, made and removed by the management API.
 *
 * Promise: to remove a user ends its login and its connections; both are looked for before it is called cut.
 * Limits: see `guarantees.limits`.
 */
import { MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type AccountProvider,
  accountNameOf,
  type Adoptable,
  type BulkRevocable,
  credentialOfAccountName,
  type Enumerable,
  type Renewable,
  requireAccountNames,
  type Rotatable,
  type SessionObserver,
  type Target,
} from '@mayfly/provider-kit'
import { openApi } from './rabbitmq-api.ts'
import { checkBroker } from './rabbitmq-check.ts'
import { rabbitmqGuide } from './rabbitmq-guide.ts'
import { createImporter, issueUser } from './rabbitmq-issue.ts'
import { adoptLogin, rabbitmqOwnLogin, rotatableOf } from './rabbitmq-own-login.ts'
import { type RabbitmqPermission, rabbitmqPermission } from './rabbitmq-permission.ts'
import { revokeUsers } from './rabbitmq-revoke.ts'
import { type RabbitmqSecret, rabbitmqSecret, type RabbitmqSettings, rabbitmqSettings } from './rabbitmq-settings.ts'
import { cutSessions, findPresent, listNames, listSessions, observeUsers } from './rabbitmq-users.ts'

export type RabbitmqTarget = Target<RabbitmqPermission> &
  Renewable &
  Enumerable &
  BulkRevocable &
  SessionObserver &
  Rotatable &
  Adoptable<RabbitmqSecret>

export const rabbitmqProvider = {
  kind: 'rabbitmq',
  title: 'RabbitMQ',
  settings: rabbitmqSettings,
  secret: rabbitmqSecret,
  addressSettings: ['management_url', 'ca_pem'],
  permission: rabbitmqPermission,
  guarantees: {
    expiryEnforcedBy: 'mayfly',
    revokeCutsOpenSessions: true,
    bindings: ['none'],
    limits: [
      'RabbitMQ knows no end of a user: while Mayfly is down, a credential works beyond its time',
      'Mayfly needs the tag `administrator`, which may do everything at the broker: RabbitMQ knows no smaller right to make users',
      'a create that RabbitMQ carries out after its deadline is found by a second look and removed; the broker itself is not stopped from it',
      'a queue or message that a user has made stays; an exclusive queue goes with its connection',
      'behind a proxy that logs in with one user of its own, RabbitMQ never sees the credential and cannot end it',
    ],
  },
  guide: () => rabbitmqGuide,
  ownLogin: rabbitmqOwnLogin,
  rotation: { overlap: 'other_account' },
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,

  async open({ settings, secret }): Promise<RabbitmqTarget> {
    const api = openApi(settings, secret)
    const lanes = settings.max_concurrent_calls
    const importer = createImporter(api, lanes)
    const target: RabbitmqTarget = {
      revokeBatchSize: 1_000,
      async issue(handle, request, signal) {
        begin([handle], signal)
        return issueUser(settings, importer, handle, request, signal)
      },
      async revoke(handles, report, signal) {
        begin(handles, signal)
        await revokeUsers(api, handles, lanes, report, signal)
      },
      async observe(handles, signal) {
        begin(handles, signal)
        return observeUsers(api, handles, lanes, signal)
      },
      // The end is Mayfly's alone: there is nothing to move at the broker, only to see that the user lives.
      async renew(handle, _expiresAt, signal) {
        begin([handle], signal)
        if ((await findPresent(api, [handle.accountName], lanes, signal)).size === 1) return
        throw new MayflyError('credential_not_renewable', { log: `rabbitmq: ${handle.accountName} is absent` })
      },
      async *listAccounts(signal) {
        begin([], signal)
        for (const name of await listNames(api, signal)) if (credentialOfAccountName(name) !== undefined) yield name
      },
      async listSessions(signal) {
        begin([], signal)
        return listSessions(api, signal)
      },
      cutSessions: (sessions, signal) => cutSessions(api, sessions, lanes, signal),
      async adopt(next, signal) {
        begin([], signal)
        await adoptLogin(api, next, signal)
      },
      ...rotatableOf(api),
      check: (probe, signal) => checkBroker(settings, api, target, probe, signal),
      close: async () => api.close(),
    }
    return target
  },
} satisfies AccountProvider<RabbitmqSettings, RabbitmqPermission, RabbitmqSecret>

function begin(handles: readonly AccountHandle[], signal: AbortSignal): void {
  requireAccountNames(handles)
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'rabbitmq: aborted by the caller' })
}
