/**
 * Where a section of an offline bundle comes from. One small interface, so that whoever keeps trust material of a new
 * kind adds a source, and the making of bundles knows none of them.
 */
import type { JsonObject, OfflineSectionName, TenantId } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'

export interface OfflineSectionSource {
  readonly name: OfflineSectionName
  /**
   * The section as the format has it, without its times.
   *
   * @returns undefined where the tenant has nothing of the kind: the section is then left out
   */
  collect(
    tx: Tx,
    of: {
      readonly tenantId: TenantId
      readonly issuer: string
      readonly now: Date
      readonly gathered: GatheredMaterial
    },
  ): Promise<CollectedSection | undefined>
}

/** What had to be asked of other systems before the transaction, since none is open while another system is waited for. */
export interface GatheredMaterial {
  /** Lists of revoked certificates of other authorities, DER. */
  readonly crls: readonly Uint8Array[]
}

export interface CollectedSection {
  readonly contents: JsonObject
  /** As of when the contents are true; absent: now. */
  readonly madeAt?: Date
  /** When something newer can be expected; absent: a day later. */
  readonly nextUpdate?: Date
}
