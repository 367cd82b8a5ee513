import { requirements, type Standard } from './requirement.ts'

const rfc = (number: number, title: string, rows: Parameters<typeof requirements>[0]): Standard => ({
  title: `RFC ${number}: ${title}`,
  url: `https://www.rfc-editor.org/rfc/rfc${number}`,
  prefix: new RegExp(`^RFC${number} `),
  requirements: requirements(rows.map(([section, ...rest]) => [`RFC${number} ${section}`, ...rest])),
})

export const oauthStandards: readonly Standard[] = [
  rfc(6749, 'the OAuth 2.0 authorization framework', [
    [
      '2.3',
      'A client authenticates by one method in a request. There are no client passwords: HTTP Basic and `client_secret` are refused with `invalid_client`, Basic in its own scheme',
    ],
    ['3.1', 'Authorization endpoint', 'workloads have no browser; people sign in at their own OpenID provider'],
    [
      '3.2',
      'The token endpoint is asked by POST with a form; a parameter that is there twice is refused, one without a value is not there, one that is unknown is ignored',
    ],
    ['3.3', 'A scope that does not exist is refused with `invalid_scope`'],
    ['4.1', 'Authorization code grant', 'see 3.1'],
    ['4.2', 'Implicit grant', 'OAuth 2.1 has removed it: tokens in addresses are lost'],
    ['4.3', 'Password grant', 'OAuth 2.1 has removed it: no client learns a password'],
    ['4.4', 'Client credentials grant: the proof of the client is the grant'],
    ['5.1', 'The answer holds token, type and life, and is stored by no cache'],
    ['5.2', 'Refusals have the code and status of the RFC; 401 comes with a challenge in the scheme that was used'],
    ['6', 'Refresh tokens', 'authority is earned again: a new proof is asked for in their place'],
  ]),
  rfc(7009, 'token revocation', [
    ['2.1', 'A client authenticates and gives its own token back; it is refused everywhere from that moment on'],
    ['2.2', 'An unknown token, or one of another client, is answered with 200 and nothing changes'],
    ['2.3', 'Cross-origin requests', 'no page in a browser holds a token of a workload'],
  ]),
  rfc(7521, 'assertions for client authentication and grants', [
    ['4.2', 'An assertion of an unknown type is refused; `client_id` beside it names the same client or is refused'],
  ]),
  rfc(7523, 'JWT for client authentication and grants', [
    ['2.1', 'JWT bearer grant: a token that a platform signed is the grant (`token_endpoint_auth_method` `none`)'],
    ['2.2', '`private_key_jwt` at token, introspection and revocation endpoint'],
    ['3', '`iss`, `sub`, `aud`, `exp` are demanded and exact, signature and algorithm checked, each JWT counts once'],
  ]),
  rfc(7638, 'JWK thumbprint', [['3.1', 'The thumbprint of its example']]),
  rfc(7662, 'token introspection', [
    ['2.1', 'Only an authenticated caller whom policy permits `token.introspect` is told anything'],
    ['2.2', 'Of a token that is not live only `active: false` is said; this agrees with every revocation at once'],
    ['2.3', 'A caller that is not known gets 401'],
  ]),
  rfc(8414, 'authorization server metadata', [
    ['2', 'The metadata is complete, and each thing that it promises is so; keys are published before they sign'],
    ['2.1', 'Signed metadata', 'it is read over TLS; a key to check it with would come the same way'],
    ['3.1', 'For an issuer with a path, the well-known part is looked for before and after it'],
  ]),
  rfc(8693, 'token exchange', [
    ['2.1', 'A subject token, and an actor token where another acts, become a token for another audience'],
    ['2.2.2', 'A token that is not live or not of a known type is refused with `invalid_request`'],
    ['4.1', '`act` nests, the present actor outside; former actors count for no decision'],
    ['4.4', '`may_act` of the subject token names who may act, and nobody else may'],
    [
      '1.1',
      'Impersonation: a token that does not say who got it',
      'whoever gets a token stands in it, as `sub` or in `act`',
    ],
    [
      '2.2.1',
      'An exchange for a token of the server itself, or for a refresh token',
      'a token for Mayfly comes of a proof and of nothing else; such a request is refused with `invalid_target`',
    ],
  ]),
  rfc(8705, 'mutual TLS', [
    ['2', 'A certificate by itself names no client: it is asked for together with `client_id`'],
    ['2.1', '`tls_client_auth`: the certificate is judged by a trust provider and bound to the client by its names'],
    ['2.2', '`self_signed_tls_client_auth`', 'a bound key (`private_key_jwt`) says the same without a certificate'],
    ['3', 'A token that is asked for with a certificate is bound to it, and refused on any other connection'],
    ['3.1', '`x5t#S256` is the SHA-256 over the DER of the certificate, as in the example'],
    ['3.2', 'Introspection tells the hash of the certificate'],
    ['5', 'The metadata names the endpoints for mutual TLS, where there are any'],
  ]),
  rfc(8707, 'resource indicators', [
    ['2', '`resource` may be there several times; a resource that is not to be had is refused with `invalid_target`'],
    ['2.1', 'Several resources are granted together only where one token can be for all'],
  ]),
  rfc(9068, 'JWT profile for access tokens', [
    [
      '2',
      '`typ` is `at+jwt`; `iss`, `exp`, `aud`, `sub`, `client_id`, `iat` and `jti` are there, `auth_time` of people',
    ],
    ['4', 'A token of another type, issuer, audience or key is refused, and verifiers that are not ours accept ours'],
  ]),
  rfc(9396, 'rich authorization requests', [
    ['2', '`authorization_details` of type `mayfly_role` name roles of resources'],
    ['5', 'An unknown type or member is refused with `invalid_authorization_details`'],
    ['6', 'A client asks for them at the token endpoint'],
    ['7', 'What was granted is told in the answer, the token and by introspection'],
  ]),
  rfc(9449, 'DPoP', [
    ['4.2', 'The proof of its example is read as the RFC does'],
    ['4.3', 'The twelve checks, each with its own refusal; `htu` is normalised before it is compared'],
    ['5', 'The token endpoint binds what it gives to the key of the proof, and says `token_type` `DPoP`'],
    ['5.1', 'The metadata names the algorithms of proofs'],
    ['5.2', '`dpop_bound_access_tokens` of a registered client', 'policies ask for it: `context.attestation.bound_to`'],
    ['6.1', '`cnf.jkt` in the token is the thumbprint of the key'],
    ['6.2', 'Introspection tells the key'],
    ['7', 'Introspection and revocation are asked with a bound token of the caller and its proof'],
    ['7.1', 'Our API takes the scheme `DPoP`; refusals are challenges in that scheme with `algs`'],
    ['7.2', 'A bound token is refused as a bearer token, and a bearer token as a bound one'],
    ['8', 'The token endpoint gives a nonce and asks for it; any server of the installation takes it'],
    ['8.2', 'A new nonce comes before the end of the old'],
    ['9', 'A nonce that comes along at our API is held to its time'],
    ['10', '`dpop_jkt` of an authorization code', 'there is no authorization endpoint'],
    ['11.1', 'A proof counts once, across all servers'],
  ]),
  rfc(9701, 'JWT answers of introspection', [
    ['5', 'Who accepts `application/token-introspection+jwt` gets a signed answer, for that caller alone'],
    ['6', 'Encrypted answers', 'TLS keeps them from others already'],
  ]),
  {
    title: 'Token Status List (draft-ietf-oauth-status-list)',
    url: 'https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/',
    prefix: /^SL /,
    requirements: requirements([
      ['SL 4.1', 'Statuses are packed and compressed as in the examples'],
      ['SL 4.2', 'A list in JSON names its bits and reads back as it was written'],
      ['SL 5.1', 'The list is a JWT of type `statuslist+jwt` whose subject is its address'],
      ['SL 8.2', 'A list is served in one form, for a short while'],
      ['SL 8.4', 'States of former times', 'former states are not kept; the request is refused, and a test shows it'],
      ['SL 9.3', 'The metadata leads to every list that may hold a live token'],
      ['SL 13.2', 'An index is given out once'],
      ['SL 4.3', 'Lists in CBOR', 'there is no verifier of ours that needs them'],
    ]),
  },
  {
    title: 'SPIFFE client authentication (draft-ietf-oauth-spiffe-client-auth)',
    url: 'https://datatracker.ietf.org/doc/draft-ietf-oauth-spiffe-client-auth/',
    prefix: /^OAUTH-SPIFFE /,
    requirements: requirements([
      ['OAUTH-SPIFFE 3.1', '`spiffe_jwt`: a JWT-SVID is the client assertion; `client_id` is its SPIFFE ID or absent'],
      ['OAUTH-SPIFFE 3.2', '`spiffe_x509`: an X.509-SVID over mutual TLS; `client_id` is its SPIFFE ID'],
      ['OAUTH-SPIFFE 3.3', 'WIT-SVID', 'it builds on a draft that is not settled'],
    ]),
  },
]
