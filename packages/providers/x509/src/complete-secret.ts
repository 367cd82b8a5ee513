import { canonicalJson } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { makeNamedAuthority, readAuthority } from './read-authority.ts'
import type { X509Secret, X509Settings } from './x509-settings.ts'

/**
 * What was entered, checked; else what is in force; else a new authority.
 *
 * @throws MayflyError `settings_invalid`: certificate and key do not belong together, or are none of an authority
 */
export async function completeSecret(
  settings: X509Settings,
  entered: X509Secret,
  current: X509Secret | undefined,
): Promise<Secret> {
  const { ca_certificate_pem: pem, ca_private_key_pem: key } =
    entered.ca_certificate_pem === undefined && current !== undefined ? current : entered
  if (pem !== undefined && key !== undefined) {
    readAuthority(pem, key.reveal(), new Date())
    return new Secret(canonicalJson({ ca_certificate_pem: pem, ca_private_key_pem: key.reveal() }))
  }
  const made = makeNamedAuthority(settings, new Date())
  return new Secret(canonicalJson({ ca_certificate_pem: made.certificatePem, ca_private_key_pem: made.keyPem }))
}
