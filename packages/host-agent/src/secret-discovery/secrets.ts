/** The secrets that Envoy may ask for, by name. */
import { messageOf } from '../grpc/load-services.ts'
import type { HeldIdentity, HoldingState } from '../identity/holding.ts'
import type { BundleSnapshot } from '../identity/trust-bundles.ts'
import { certificatesPem, toPem } from '../pem.ts'

export const secretTypeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'
const validatorTypeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig'
const tls = 'envoy.extensions.transport_sockets.tls.v3'

/** The first identity of the workload. */
const defaultName = 'default'
/** The authorities of the own trust domain. */
const rootName = 'ROOTCA'
/** All trust domains, each with its own authorities: Envoy judges by the trust domain of the peer's SPIFFE ID. */
const allName = 'ALL'

export interface AnyResource {
  readonly type_url: string
  readonly value: Buffer
}

export type Entitled = Extract<HoldingState, { phase: 'entitled' }>

/**
 * @param names none: all that there is
 * @returns the first name that the workload may not have, where there is one
 */
export function findSecrets(
  { identities }: Entitled,
  snapshot: BundleSnapshot,
  names: readonly string[],
): readonly AnyResource[] | { readonly unknown: string } {
  const wanted =
    names.length > 0 ? [...new Set(names)] : [...identities.map(({ spiffeId }) => spiffeId), rootName, allName]
  const resources: AnyResource[] = []
  for (const name of wanted) {
    const secret = findSecret(identities, snapshot, name)
    if (secret === undefined) return { unknown: name }
    resources.push({ type_url: secretTypeUrl, value: messageOf<object>(`${tls}.Secret`).serialize(secret) })
  }
  return resources
}

function findSecret(identities: readonly HeldIdentity[], snapshot: BundleSnapshot, name: string): object | undefined {
  const held = name === defaultName ? identities[0] : identities.find(({ spiffeId }) => spiffeId === name)
  if (held !== undefined) return certificateSecret(name, held)
  if (name === allName) return validatorSecret(name, snapshot)
  const trustDomain = name === rootName ? snapshot.trustDomain : name.replace(/^spiffe:\/\//, '')
  const bundle = name === rootName || name.startsWith('spiffe://') ? snapshot.bundles.get(trustDomain) : undefined
  if (bundle === undefined) return undefined
  return { name, validation_context: { trusted_ca: inline(certificatesPem(bundle.x509Authorities)) } }
}

function certificateSecret(name: string, { x509 }: HeldIdentity): object | undefined {
  if (x509 === undefined) return undefined
  return {
    name,
    tls_certificate: {
      certificate_chain: inline(certificatesPem(x509.certificates)),
      private_key: inline(toPem('PRIVATE KEY', x509.privateKey)),
    },
  }
}

function validatorSecret(name: string, { bundles }: BundleSnapshot): object {
  const trustDomains = [...bundles].map(([trustDomain, { x509Authorities }]) => ({
    name: trustDomain,
    trust_bundle: inline(certificatesPem(x509Authorities)),
  }))
  const config = messageOf<object>(`${tls}.SPIFFECertValidatorConfig`).serialize({ trust_domains: trustDomains })
  return {
    name,
    validation_context: {
      custom_validator_config: {
        name: 'envoy.tls.cert_validator.spiffe',
        typed_config: { type_url: validatorTypeUrl, value: config },
      },
    },
  }
}

function inline(text: string): { readonly inline_bytes: Buffer } {
  return { inline_bytes: Buffer.from(text) }
}
