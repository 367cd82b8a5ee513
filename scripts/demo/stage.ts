import type { RunningServer } from '@mayfly/server'
import type { Caller } from './api.ts'
import type { Issuer } from './issuer.ts'
import type { OrdersDatabase } from './target.ts'

/** Who and what is on stage; scenes add what later ones need. */
export interface Stage {
  readonly server: RunningServer
  readonly target: OrdersDatabase
  readonly issuer: Issuer
  readonly folder: string
  readonly kekFile: string
  readonly adminId: string
  readonly admin: Caller
  /** Set by the scene that proves. */
  runner?: Caller
  /** A credential whose life is over, for the trace. */
  endedCredentialId?: string
}
