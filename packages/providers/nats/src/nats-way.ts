import type { PublishedEnds } from '@mayfly/provider-kit'
import type { NatsSettings } from './nats-settings.ts'
import type { Nkey } from './nkey.ts'
import type { SystemSession } from './system-session.ts'

/** What every act at an open target needs. */
export interface NatsWay {
  readonly settings: NatsSettings
  readonly session: SystemSession
  /** The account's public key. */
  readonly account: string
  readonly accountKey: Nkey
  readonly operatorKey: Nkey
  /** Whose signature under the account's JWT is believed: Mayfly's own, and those of the settings. */
  readonly trustedKeys: ReadonlySet<string>
  readonly published: PublishedEnds
}
