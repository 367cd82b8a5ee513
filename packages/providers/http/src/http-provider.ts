/**
 * The `http` credential provider: any system that has a call to create and a call to delete an account or token.
 *
 * Promise: the template is closed: it can name what is listed and nothing else, and what is filled in cannot change its
 * shape. An account is called gone when the system, asked again, does not know it.
 * Limits: see `guarantees.limits`; what a system does with what it has let in, a template cannot say.
 */
import { MayflyError } from '@mayfly/domain'
import {
  type AccountProvider,
  accountNameOf,
  type BulkRevocable,
  credentialOfAccountName,
  type Enumerable,
  requireAccountNames,
  type Rotatable,
  type Target,
} from '@mayfly/provider-kit'
import { findAccounts, listItems } from './find-accounts.ts'
import { openCaller } from './http-call.ts'
import { checkSystem } from './http-check.ts'
import { httpGuide } from './http-guide.ts'
import { issueAccount } from './http-issue.ts'
import { type HttpPermission, httpPermission } from './http-permission.ts'
import { revokeAccounts } from './http-revoke.ts'
import { rotatableOf } from './http-rotate.ts'
import { type HttpSecret, httpSecret, type HttpSettings, httpSettings } from './http-settings.ts'

export type HttpTarget = Target<HttpPermission> & BulkRevocable & Partial<Enumerable & Rotatable>

export const httpProvider = {
  kind: 'http',
  title: 'Any system with a create and a delete call',
  settings: httpSettings,
  secret: httpSecret,
  addressSettings: ['base_url', 'ca_pem', 'auth'],
  permission: httpPermission,
  guarantees: {
    expiryEnforcedBy: 'mayfly',
    revokeCutsOpenSessions: false,
    bindings: ['none'],
    limits: [
      'whether the system ends an account at its time by itself depends on the system: send `{expires_at}` or `{expires_in_seconds}` along where it takes one',
      'what the system has let in goes on as long as it lets it: open sessions are not seen and not ended',
      'a create that the system carries out after its deadline is found by a second look and removed; the system itself is not stopped from it',
      'the account is called gone when the system, asked again, does not list it; a cache of the system beyond that is not seen',
    ],
  },
  guide: () => httpGuide,
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,
  rotation: { overlap: 'other_account' },

  async open({ settings, secret }): Promise<HttpTarget> {
    const caller = openCaller(settings, secret)
    const target: HttpTarget = {
      revokeBatchSize: settings.find.list === undefined ? 50 : 1_000,
      async issue(handle, request, signal) {
        begin([handle], signal)
        return issueAccount(settings, caller, handle, request, signal)
      },
      async revoke(handles, report, signal) {
        begin(handles, signal)
        await revokeAccounts(settings, caller, handles, report, signal)
      },
      async observe(handles, signal) {
        begin(handles, signal)
        const found = await findAccounts(settings, caller, handles, signal)
        return handles.map((handle) => ({
          handle,
          state: found.has(handle.accountName) ? 'usable' : 'absent',
          openSessions: 0,
        }))
      },
      check: (probe, signal) => checkSystem(settings, target, probe, signal),
      ...(settings.find.list === undefined
        ? {}
        : {
            async *listAccounts(signal) {
              begin([], signal)
              for await (const { label } of listItems(settings, caller, signal)) {
                if (credentialOfAccountName(label) !== undefined) yield label
              }
            },
          }),
      ...rotatableOf(settings, caller),
      close: async () => caller.close(),
    }
    return target
  },
} satisfies AccountProvider<HttpSettings, HttpPermission, HttpSecret>

function begin(handles: Parameters<typeof requireAccountNames>[0], signal: AbortSignal): void {
  requireAccountNames(handles)
  if (signal.aborted) throw new MayflyError('target_timeout', { log: 'http: aborted by the caller' })
}
