/** Authorization server metadata (RFC 8414 section 2): what a client needs to know, and nothing that is not so. */
import { grants } from './grants/grants.ts'

const signingAlgorithms = ['ES256', 'EdDSA', 'RS256']

export function authorizationServerMetadata(issuer: string) {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/oauth/jwks`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    // There is no authorization endpoint; the member is required all the same.
    response_types_supported: [],
    grant_types_supported: [...grants.keys()],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: signingAlgorithms,
    introspection_endpoint_auth_methods_supported: ['private_key_jwt', 'Bearer'],
    introspection_endpoint_auth_signing_alg_values_supported: signingAlgorithms,
    revocation_endpoint_auth_methods_supported: ['private_key_jwt', 'Bearer'],
    revocation_endpoint_auth_signing_alg_values_supported: signingAlgorithms,
  }
}
