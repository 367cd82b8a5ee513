import type { PublishedEnds } from '@mayfly/provider-kit'
import type { HostSession } from './host-session.ts'
import type { SshSettings } from './ssh-settings.ts'
import type { SshSigner } from './ssh-signer.ts'

/** An open resource: its authorities, what has ended, and a session at each of its hosts. */
export interface SshWay {
  readonly settings: SshSettings
  readonly userAuthority: SshSigner
  readonly hostAuthority: SshSigner
  readonly published: PublishedEnds
  readonly hosts: readonly HostSession[]
  /** Over which connection a host was last brought up to date: one that was set up anew has lost its list. */
  readonly pushedOver: WeakMap<HostSession, number>
}

/** How many hosts are spoken with at a time. */
export const hostLanes = 16

export const documentNames = { krl: 'krl', userAuthority: 'user-ca.pub', hostAuthority: 'host-ca.pub' } as const
