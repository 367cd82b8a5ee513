/**
 * Where a sealed value belongs. The place is bound to the value (additional authenticated data), so the same function
 * must name it when it is sealed, opened and sealed again under a new data key.
 */
export const sealPlace = {
  resourceSecret: (resourceId: string) => `resource.sealed_secret:${resourceId}`,
  resourceNextSecret: (resourceId: string) => `resource.sealed_next_secret:${resourceId}`,
  x509Authority: (authorityId: string) => `x509_authority.sealed_private:${authorityId}`,
  signingKey: (keyId: string) => `signing_key.sealed_private:${keyId}`,
  trustProviderSecret: (trustProviderId: string) => `trust_provider_secret.sealed_secret:${trustProviderId}`,
  secretVersion: (versionId: string) => `secret_version.sealed_secret:${versionId}`,
  signIn: (signInId: string) => `sign_in.sealed_material:${signInId}`,
} as const
