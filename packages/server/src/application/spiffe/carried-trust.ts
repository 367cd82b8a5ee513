/** What of the trust domain travels without a network (docs/formats/offline-bundle.md). */
import type { JsonObject } from '@mayfly/domain'
import { listTrustedAuthorities } from '../../store/authority-rows.ts'
import type { Tx } from '../../store/database.ts'
import { listFederations } from '../../store/federation-rows.ts'
import type { CarriedTrustBundle } from '../offline/trust-bundles-section.ts'
import { type CrlDeps, upToDateCrl } from './sign-crl.ts'
import { getBundleDocument, refreshHintSeconds } from './trust-bundle.ts'

/** The tenant's own bundle, then those of the trust domains that it federates with, as they were answered last. */
export async function carriedTrustBundles(tx: Tx): Promise<readonly CarriedTrustBundle[]> {
  const { trustDomain, document } = await getBundleDocument(tx)
  const own = { trustDomain, bundle: { ...document, keys: [...document.keys] } satisfies JsonObject }
  const federated = (await listFederations(tx)).flatMap(({ keys, bundle_sequence: sequence, ...row }) =>
    keys === null
      ? []
      : [
          {
            trustDomain: row.trust_domain,
            bundle: {
              keys: keys as JsonObject[],
              ...(sequence === null ? {} : { spiffe_sequence: sequence }),
              spiffe_refresh_hint: row.refresh_hint_seconds ?? refreshHintSeconds,
            },
            // One that was given by hand, and never answered, is as old as its registration.
            asOf: row.answered_at ?? row.created_at,
          },
        ],
  )
  return [own, ...federated]
}

/** DER, one for each authority under which an SVID may live; signed anew where something is due. */
export async function carriedCrls(deps: CrlDeps, tx: Tx, now: Date): Promise<readonly Uint8Array[]> {
  const crls: Uint8Array[] = []
  for (const { key_id: keyId, state } of await listTrustedAuthorities(tx, now)) {
    const crl = state === 'prepared' ? undefined : await upToDateCrl(deps, tx, keyId, now)
    if (crl !== undefined) crls.push(crl.der)
  }
  return crls
}
