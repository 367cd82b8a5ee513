import type { TrustState } from '../../store/host-event-rows.ts'

/** What a host agent is told, as it stands on the wire. */
export type TrustEvent =
  /** `sequence` is null where the trust domain is believed no longer. */
  | {
      readonly event: 'bundle_changed'
      readonly data: { readonly trust_domain: string; readonly sequence: number | null }
    }
  | { readonly event: 'reissue'; readonly data: { readonly reason: string } }

/** What has changed between two looks. A request to fetch anew comes first: it is what cannot wait. */
export function trustChanges(before: TrustState, after: TrustState): readonly TrustEvent[] {
  const changed = [...after.sequences].filter(([domain, sequence]) => before.sequences.get(domain) !== sequence)
  const gone = [...before.sequences.keys()].filter((domain) => !after.sequences.has(domain))
  return [
    ...(after.reissues === before.reissues
      ? []
      : [{ event: 'reissue' as const, data: { reason: after.reissueReason } }]),
    ...changed.map(([domain, sequence]) => ({
      event: 'bundle_changed' as const,
      data: { trust_domain: domain, sequence },
    })),
    ...gone.map((domain) => ({ event: 'bundle_changed' as const, data: { trust_domain: domain, sequence: null } })),
  ]
}
