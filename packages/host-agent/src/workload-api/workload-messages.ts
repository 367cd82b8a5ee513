/** The messages of the Workload API, made of what is held and trusted. Made once for all streams that show the same. */
import type { HoldingState } from '../identity/holding.ts'
import { type BundleSnapshot, jwtKeySet } from '../identity/trust-bundles.ts'

export interface X509SvidResponse {
  readonly svids: readonly {
    readonly spiffe_id: string
    readonly x509_svid: Buffer
    readonly x509_svid_key: Buffer
    readonly bundle: Buffer
    readonly hint: string
  }[]
  readonly federated_bundles: Readonly<Record<string, Buffer>>
}

export interface BundlesResponse {
  readonly bundles: Readonly<Record<string, Buffer>>
}

const maxHintBytes = 1_024

/** Made anew only where state or bundles are other objects than before. */
export function remember<State extends object, T>(
  make: (state: State, bundles: BundleSnapshot) => T,
): (state: State, bundles: BundleSnapshot) => T {
  const made = new WeakMap<State, { readonly bundles: BundleSnapshot; readonly message: T }>()
  return (state, bundles) => {
    const known = made.get(state)
    if (known?.bundles === bundles) return known.message
    const message = make(state, bundles)
    made.set(state, { bundles, message })
    return message
  }
}

/** @returns undefined where no identity has a certificate now */
export function x509SvidResponse(
  state: Extract<HoldingState, { phase: 'entitled' }>,
  snapshot: BundleSnapshot,
): X509SvidResponse | undefined {
  const hints = new Set<string>()
  const svids = state.identities.flatMap(({ spiffeId, hint, x509 }) => {
    const { trustDomain } = snapshot
    const bundle = snapshot.bundles.get(trustDomain)
    if (x509 === undefined || bundle === undefined) return []
    // A hint is unique within an answer (Workload API section 5.2.1); the first who has it keeps it.
    const isUsable = !hints.has(hint) && Buffer.byteLength(hint) <= maxHintBytes
    hints.add(hint)
    return [
      {
        spiffe_id: spiffeId,
        x509_svid: Buffer.concat(x509.certificates),
        x509_svid_key: x509.privateKey,
        bundle: Buffer.concat(bundle.x509Authorities),
        hint: isUsable ? hint : '',
      },
    ]
  })
  if (svids.length === 0) return undefined
  const { [`spiffe://${snapshot.trustDomain}`]: _own, ...federated } = x509Bundles(snapshot)
  return { svids, federated_bundles: federated }
}

export const x509BundlesResponse = (_state: object, snapshot: BundleSnapshot): BundlesResponse => ({
  bundles: x509Bundles(snapshot),
})

export const jwtBundlesResponse = (_state: object, snapshot: BundleSnapshot): BundlesResponse => ({
  bundles: Object.fromEntries(
    [...snapshot.bundles].map(([trustDomain, bundle]) => [`spiffe://${trustDomain}`, jwtKeySet(bundle)]),
  ),
})

function x509Bundles(snapshot: BundleSnapshot): Record<string, Buffer> {
  return Object.fromEntries(
    [...snapshot.bundles].map(([trustDomain, { x509Authorities }]) => [
      `spiffe://${trustDomain}`,
      Buffer.concat(x509Authorities),
    ]),
  )
}
