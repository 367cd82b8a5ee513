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
      grant_type: {
        type: 'string',
        enum: [
          'client_credentials',
          'urn:ietf:params:oauth:grant-type:jwt-bearer',
          'urn:ietf:params:oauth:grant-type:token-exchange',
        ],
      },
      ...assertion,
      assertion: text('for the grant `jwt-bearer`: a token that the platform signed'),
      client_id: text('names the identity, where the proof fits several; needed where a certificate is the proof'),
      resource: text('for a token for another audience (RFC 8707): its URI; several times'),
      audience: text('the same by any of its names, or by the name of the resource; several times'),
      scope: text('the name of the role, alone or as `resource/role`'),
      authorization_details: text('the same as JSON (RFC 9396): one object of type `mayfly_role`'),
      task_id: text('the task within which it is issued'),
      subject_token: text('for the exchange (RFC 8693): on whose behalf'),
      subject_token_type: text('`…:access_token`, `…:jwt` or `…:id_token`'),
      actor_token: text('who acts, where the client does not authenticate'),
      actor_token_type: text('as of the subject token'),
      requested_token_type: text('`…:access_token` or `…:jwt`'),
    },
    ['grant_type'],
    answerJson('a token (RFC 9068); for another audience a credential, by its id', {
      access_token: text('send it in the scheme of `token_type`'),
      token_type: text('`Bearer`, `DPoP`; of an exchange for a JWT `N_A`'),
      expires_in: { type: 'integer', description: 'seconds' },
      scope: text('what the token permits at its audience'),
      authorization_details: { type: 'array', items: { type: 'object' }, description: 'as granted' },
      issued_token_type: text('of an exchange'),
      credential_id: { type: 'string', format: 'uuid', description: 'of a token for another audience' },
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
    'ask whether a token is live (RFC 7662)',
    { token: text('the token in question'), ...assertion },
    ['token'],
    answerJson('its state; of anything that is not live only `active`', {
      active: { type: 'boolean' },
      sub: text('SPIFFE ID of an identity, `person:<id>` of a person'),
      client_id: text('id of the identity or person'),
      exp: { type: 'integer' },
      act: { type: 'object', description: 'who acts, where it is not `sub`' },
    }),
  ),
  '/oauth/revoke': form(
    'revokeToken',
    'end a token of one’s own (RFC 7009)',
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
  '/oauth/status-lists': {
    get: {
      operationId: 'listStatusLists',
      tags: ['oauth'],
      summary: 'read where the status lists are (draft-ietf-oauth-status-list)',
      responses: {
        '200': answerJson('their addresses', { status_lists: { type: 'array', items: { type: 'string' } } }),
      },
      security: [],
    },
  },
  '/oauth/status-lists/{id}': {
    get: {
      operationId: 'getStatusList',
      tags: ['oauth'],
      summary: 'read which tokens of a list have ended (draft-ietf-oauth-status-list)',
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
      responses: {
        '200': {
          description: 'a signed list',
          content: { 'application/statuslist+jwt': { schema: { type: 'string' } } },
        },
        '404': oauthError,
        '406': oauthError,
      },
      security: [],
    },
  },
  '/.well-known/openid-configuration': {
    get: {
      operationId: 'getOpenidConfiguration',
      tags: ['oauth'],
      summary: 'the same metadata as OpenID Connect has it, for clouds that take our tokens',
      responses: { '200': answerJson('metadata', { issuer: { type: 'string' }, jwks_uri: { type: 'string' } }) },
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
