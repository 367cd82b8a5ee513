/**
 * The `ssh` credential provider: certificates of OpenSSH for users and for hosts.
 *
 * Promise: a certificate says nothing that its role does not permit and never lives longer than its row. A revocation is
 * in force at every host of the resource, and its sessions there have ended with all that they started, before it is
 * called cut. Without hosts, *cut* and *removed* are that the list which is published names it.
 * Limits: see `guarantees.limits`.
 */
import { MayflyError } from '@mayfly/domain'
import {
  accountNameOf,
  type AccountProvider,
  type BulkRevocable,
  credentialOfAccountName,
  type PublicAnswer,
  type Publisher,
  type SessionObserver,
  type Target,
} from '@mayfly/provider-kit'
import { completeSecret } from './complete-secret.ts'
import { openHostSession } from './host-session.ts'
import { cutSessions, listSessions } from './host-sessions.ts'
import { makeList } from './push-list.ts'
import { checkHosts } from './ssh-check.ts'
import { sshGuide } from './ssh-guide.ts'
import { issueCertificate } from './ssh-issue.ts'
import { observeCertificates } from './ssh-observe.ts'
import { type SshPermission, sshPermission } from './ssh-permission.ts'
import { formatPublicKeyLine } from './ssh-public-key.ts'
import { revokeCertificates } from './ssh-revoke.ts'
import { readAuthorityKey, type SshSecret, type SshSettings, sshSecret, sshSettings } from './ssh-settings.ts'
import { documentNames, type SshWay } from './ssh-way.ts'

export type SshTarget = Target<SshPermission> & BulkRevocable & SessionObserver & Publisher

const authorityMaxAgeSeconds = 3_600

export const sshProvider = {
  kind: 'ssh',
  title: 'SSH certificates (OpenSSH)',
  settings: sshSettings,
  secret: sshSecret,
  // No host is told the secret: an address changes where lists go, not who learns the authorities' keys.
  addressSettings: [],
  permission: sshPermission,
  guarantees: {
    expiryEnforcedBy: 'target',
    revokeCutsOpenSessions: true,
    bindings: ['key', 'address', 'none'],
    holderKeys: ['openssh'],
    limits: [
      'sshd ends no session when a certificate expires; Mayfly does, at the hosts that the resource names',
      'a host that the resource does not name learns of an end when it fetches the list, and ends no session',
      'a host that is set up anew lets ended certificates in until Mayfly reaches it again, which it tries as often as it looks for sessions; at most until they expire',
      'what a session started and detached goes on when its connection was closed before the end; while the connection is open it is found by its environment, unless it has changed that',
      'who can log in as root at a host can let in whom they like there',
      'clients learn of the end of a host certificate from the list that is published, when they fetch it',
      "whoever steals an authority's key signs certificates that no row knows; at the hosts of the resource they show among the sessions",
    ],
  },
  guide: () => sshGuide(),
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,
  completeSecret,
  keepsNoAccount: true,
  // An address is in what is signed only where the resource says so; a key is the holder's own wherever it is sent along.
  bindingsUnder: (settings) => (settings.bind_source_address ? ['key', 'address', 'none'] : ['key', 'none']),
  documents: [
    { name: documentNames.krl, title: 'what has ended, as a key revocation list (OpenSSH)' },
    { name: documentNames.userAuthority, title: 'authority for users, for `TrustedUserCAKeys`' },
    { name: documentNames.hostAuthority, title: 'authority for hosts, for `known_hosts`' },
  ],

  async open({ settings, secret, published }): Promise<SshTarget> {
    const userAuthority = readAuthorityKey(secret.user_authority_key?.reveal() ?? '')
    const hostAuthority = readAuthorityKey(secret.host_authority_key?.reveal() ?? '')
    if (userAuthority === undefined || hostAuthority === undefined) {
      throw new MayflyError('settings_invalid', { publicDetail: 'the resource has no authorities yet' })
    }
    if (published === undefined) throw new MayflyError('internal', { log: 'ssh: opened without what has ended' })
    const hosts = settings.hosts.map((host) =>
      openHostSession(host, settings, { user: userAuthority, host: hostAuthority }),
    )
    const way: SshWay = { settings, userAuthority, hostAuthority, published, hosts, pushedOver: new WeakMap() }
    return {
      revokeBatchSize: 1_000,
      issue: async (handle, request, signal) => issueCertificate(way, handle, request, signal),
      revoke: (handles, report, signal) => revokeCertificates(way, handles, report, signal),
      observe: (handles, signal) => observeCertificates(way, handles, signal),
      listSessions: (signal) => listSessions(way, signal),
      cutSessions: (sessions, signal) => cutSessions(way, sessions, signal),
      async publish({ document }, signal): Promise<PublicAnswer | undefined> {
        switch (document) {
          case documentNames.krl:
            return {
              mediaType: 'application/octet-stream',
              body: (await makeList(way, [], signal)).krl,
              maxAgeSeconds: 0,
            }
          case documentNames.userAuthority:
            return textOf(`${formatPublicKeyLine(userAuthority.publicKey, 'mayfly-user-authority')}\n`)
          case documentNames.hostAuthority:
            return textOf(`${formatPublicKeyLine(hostAuthority.publicKey, 'mayfly-host-authority')}\n`)
          default:
            return undefined
        }
      },
      check: (probe, signal) => checkHosts(way, probe, signal),
      close: async () => void (await Promise.all(hosts.map((host) => host.close()))),
    }
  },
} satisfies AccountProvider<SshSettings, SshPermission, SshSecret>

function textOf(text: string): PublicAnswer {
  return { mediaType: 'text/plain; charset=utf-8', body: Buffer.from(text), maxAgeSeconds: authorityMaxAgeSeconds }
}
