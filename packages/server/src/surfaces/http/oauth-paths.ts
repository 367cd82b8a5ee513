/** The OAuth endpoints for the OpenAPI document: their protocol is not ours to shape, so they are no routes of ours. */
type PathItems = Readonly<Record<string, { readonly [key: string]: JsonLike }>>
type JsonLike = null | boolean | number | string | readonly JsonLike[] | { readonly [key: string]: JsonLike }

const text = (description: string): JsonLike => ({ type: 'string', description })

const oauthError: JsonLike = {
  description: 'refused (RFC 6749 section 5.2)',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          error: text('e.g. `invalid_client`, `invalid_grant`, `temporarily_unavailable`'),
          error_description: text('what was wrong, and what to do'),
        },
        required: ['error'],
      },
    },
  },
}

const assertion = {
  client_assertion_type: {
    type: 'string',
    enum: [
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
    ],
  },
  client_assertion: text(
    'a JWT signed with the bound key: `iss` and `sub` the client, `aud` the issuer, used once; or a JWT-SVID',
  ),
} as const

const answerJson = (description: string, properties: { readonly [key: string]: JsonLike }): JsonLike => ({
  description,
  content: { 'application/json': { schema: { type: 'object', properties } } },
})

const dpopHeader: JsonLike = {
  name: 'DPoP',
  in: 'header',
  required: false,
  schema: { type: 'string' },
  description: 'a proof of possession for this request (RFC 9449); a refusal brings the nonce that it needs',
}

function form(
  operationId: string,
  summary: string,
  properties: { readonly [key: string]: JsonLike },
  required: readonly string[],
  success: JsonLike,
): { readonly [key: string]: JsonLike } {
  return {
    post: {
      operationId,
      tags: ['oauth'],
      summary,
      description: 'Another tenant than the default one has the same below `/t/{tenant}`, with an issuer of its own.',
      requestBody: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: { type: 'object', properties, required } } },
      },
      responses: { '200': success, '400': oauthError, '401': oauthError, '403': oauthError, '503': oauthError },
      parameters: operationId === 'makeLoginChallenge' ? [] : [dpopHeader],
      security:
        operationId === 'issueToken' || operationId === 'makeLoginChallenge'
          ? []
          : [{ accessToken: [] }, { boundAccessToken: [] }, {}],
    },
  }
}

export const oauthPaths: PathItems = {
  '/oauth/token': form(
    'issueToken',
    'prove and get an access token (RFC 6749 section 4.4, RFC 7523)',
    {
      grant_type: { type: 'string', enum: ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'] },
      ...assertion,
      assertion: text('for the grant `jwt-bearer`: a token that the platform signed'),
      client_id: text('names the identity, where the proof fits several; needed where a certificate is the proof'),
    },
    ['grant_type'],
    answerJson('an access token (RFC 9068)', {
      access_token: text('send it in the scheme of `token_type`'),
      token_type: {
        enum: ['Bearer', 'DPoP'],
        description: '`DPoP` where the request came with a DPoP proof: bound to its key',
      },
      expires_in: { type: 'integer', description: 'seconds, at most 300' },
      attestation_id: { type: 'string', format: 'uuid' },
      fresh_until: {
        type: 'string',
        format: 'date-time',
        description: 'without a new proof, what was issued ends then',
      },
      generation: { type: 'integer', description: 'for a key that logs in by challenge: the number of this login' },
    }),
  ),
  '/oauth/challenge': form(
    'makeLoginChallenge',
    'get a challenge for a key that logs in by challenge',
    { client_id: text('the client as it will name itself in `sub` of the assertion') },
    ['client_id'],
    answerJson('a challenge: `nonce` of one client assertion', {
      challenge: text('counts once'),
      expires_in: { type: 'integer', description: 'seconds' },
    }),
  ),
  '/oauth/introspect': form(
    'introspectToken',
    'ask whether an access token is live (RFC 7662)',
    { token: text('the token in question'), ...assertion },
    ['token'],
    answerJson('its state; of anything that is not live only `active`', {
      active: { type: 'boolean' },
      sub: text('SPIFFE ID of an identity, `person:<id>` of a person'),
      client_id: text('id of the identity or person'),
      exp: { type: 'integer' },
    }),
  ),
  '/oauth/revoke': form(
    'revokeToken',
    'end an access token of one’s own (RFC 7009)',
    { token: text('the token to end'), ...assertion },
    ['token'],
    answerJson('it is not live; also where it never was', {}),
  ),
  '/oauth/back-channel-logout/{provider}': {
    parameters: [
      {
        name: 'provider',
        in: 'path',
        required: true,
        schema: { type: 'string' },
        description: 'of a sign-in provider',
      },
    ],
    ...form(
      'logOutAtProvider',
      'tell that somebody has signed out at a sign-in provider (OpenID Connect Back-Channel Logout 1.0)',
      { logout_token: text('signed by the provider') },
      ['logout_token'],
      answerJson('their sessions have ended; also where there were none', {}),
    ),
  },
  '/oauth/jwks': {
    get: {
      operationId: 'getTokenKeys',
      tags: ['oauth'],
      summary: 'read the keys that sign access tokens (RFC 7517)',
      responses: { '200': answerJson('a key set', { keys: { type: 'array', items: { type: 'object' } } }) },
      security: [],
    },
  },
  '/.well-known/oauth-authorization-server': {
    get: {
      operationId: 'getAuthorizationServerMetadata',
      tags: ['oauth'],
      summary: 'read where the OAuth endpoints are (RFC 8414)',
      responses: {
        '200': answerJson('metadata', { issuer: { type: 'string' }, token_endpoint: { type: 'string' } }),
      },
      security: [],
    },
  },
}
