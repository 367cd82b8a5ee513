/** Authorization server metadata (RFC 8414 section 2): what a client needs to know, and nothing that is not so. */
import { dpopAlgorithms } from '../../application/proof/dpop/dpop-proof.ts'
import { roleDetailType } from '../../application/credential/token-row.ts'
import { grants } from './grants/grants.ts'

const signingAlgorithms = ['ES256', 'EdDSA', 'RS256']
const paths = {
  token_endpoint: '/oauth/token',
  introspection_endpoint: '/oauth/introspect',
  revocation_endpoint: '/oauth/revoke',
}

/** @param mutualTlsUrl where what is below the issuer is reached over mutual TLS, without a trailing slash */
export function authorizationServerMetadata(issuer: string, mutualTlsUrl: string | undefined) {
  const clientMethods = [
    'private_key_jwt',
    'spiffe_jwt',
    ...(mutualTlsUrl === undefined ? [] : ['tls_client_auth', 'spiffe_x509']),
  ]
  return {
    issuer,
    ...endpointsAt(issuer),
    jwks_uri: `${issuer}/oauth/jwks`,
    // Our own member (RFC 8414 section 2 allows more): `challenge_endpoint` is another one, of
    // draft-ietf-oauth-attestation-based-client-auth, whose clients ask otherwise and would take ours for it.
    mayfly_login_challenge_endpoint: `${issuer}/oauth/challenge`,
    // There is no authorization endpoint; the member is required all the same.
    response_types_supported: [],
    grant_types_supported: [...grants.keys()],
    token_endpoint_auth_methods_supported: [...clientMethods, 'none'],
    token_endpoint_auth_signing_alg_values_supported: signingAlgorithms,
    // The types of access tokens stand beside the methods, as the registry of this member has it.
    introspection_endpoint_auth_methods_supported: [...clientMethods, 'Bearer', 'DPoP'],
    introspection_endpoint_auth_signing_alg_values_supported: signingAlgorithms,
    // RFC 9701 section 7.
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint_auth_methods_supported: clientMethods,
    revocation_endpoint_auth_signing_alg_values_supported: signingAlgorithms,
    // RFC 9396 section 10.
    authorization_details_types_supported: [roleDetailType],
    // draft-ietf-oauth-status-list section 9.1.
    status_list_aggregation_endpoint: `${issuer}/oauth/status-lists`,
    // RFC 9449 section 5.1.
    dpop_signing_alg_values_supported: dpopAlgorithms,
    // RFC 8705 sections 3.3 and 5.
    tls_client_certificate_bound_access_tokens: mutualTlsUrl !== undefined,
    ...(mutualTlsUrl === undefined ? {} : { mtls_endpoint_aliases: endpointsAt(mutualTlsUrl) }),
  }
}

/**
 * The same for those who look for it as OpenID Connect does (Discovery 1.0 section 3), above all clouds that take our tokens
 * in exchange for theirs. There are no sign-ins here; what is said of ID tokens is said of tokens in JWT form.
 */
export function openidConfiguration(issuer: string, mutualTlsUrl: string | undefined) {
  return {
    ...authorizationServerMetadata(issuer, mutualTlsUrl),
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'act', 'cnf', 'status'],
  }
}

function endpointsAt(base: string): typeof paths {
  return {
    token_endpoint: `${base}${paths.token_endpoint}`,
    introspection_endpoint: `${base}${paths.introspection_endpoint}`,
    revocation_endpoint: `${base}${paths.revocation_endpoint}`,
  }
}
