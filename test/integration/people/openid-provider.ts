/** A real OpenID provider (oidc-provider) on a port of its own, with people whose claims a test decides. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Configuration } from 'oidc-provider'

export type Claims = Readonly<Record<string, unknown>>

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string
  /** By subject, which is also what is entered as login. */
  readonly people: Map<string, Claims>
}

export interface OpenIdProviderOptions {
  /** Where the key set of the client `keyed` is. */
  readonly jwksUri?: () => string
  /** Where logouts are told to. */
  readonly backChannelUri?: () => string
  /** Claims only at UserInfo, as the standard has it for the code flow. */
  readonly userinfoOnly?: boolean
}

export const clientSecret = 'a secret: of 100% the client+server'

const grantTypes = ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code']

export async function startOpenIdProvider(options: OpenIdProviderOptions = {}): Promise<OpenIdProvider> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const people = new Map<string, Claims>()
  const shared = {
    application_type: 'native' as const,
    redirect_uris: ['http://127.0.0.1/callback'],
    response_types: ['code' as const],
    grant_types: grantTypes,
  }
  const configuration: Configuration = {
    clients: [
      {
        ...shared,
        client_id: 'mayfly',
        token_endpoint_auth_method: 'none',
        ...(options.backChannelUri !== undefined && {
          backchannel_logout_uri: options.backChannelUri(),
          backchannel_logout_session_required: true,
        }),
      },
      {
        ...shared,
        client_id: 'basic',
        client_secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_basic',
      },
      { ...shared, client_id: 'post', client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_post' },
      ...(options.jwksUri === undefined
        ? []
        : [
            {
              ...shared,
              client_id: 'keyed',
              token_endpoint_auth_method: 'private_key_jwt' as const,
              token_endpoint_auth_signing_alg: 'ES256' as const,
              jwks_uri: options.jwksUri(),
            },
          ]),
    ],
    claims: { openid: ['sub', 'sid'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    conformIdTokenClaims: options.userinfoOnly === true,
    features: {
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      userinfo: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    pkce: { required: () => true },
    findAccount: async (_ctx, sub) => {
      const claims = people.get(sub)
      return claims && { accountId: sub, claims: async () => ({ sub, ...claims }) }
    },
    // The key set of a client lies on loopback here, where the library would not look.
    fetch: (url, init) => {
      const { dispatcher: _refusesLoopback, ...rest } = init as RequestInit & { dispatcher?: unknown }
      return fetch(url, rest)
    },
    cookies: { keys: ['a key of a test'] },
    // A test moves the server's clock.
    clockTolerance: 60,
  }
  const provider = new Provider(issuer, configuration)
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  return {
    issuer,
    people,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** A person at a browser: follows addresses, fills in forms, and stops where the browser is sent away from the provider. */
export function openBrowser(issuer: string) {
  const cookies = new Map<string, string>()

  async function request(address: URL, form?: URLSearchParams): Promise<Response> {
    const answer = await fetch(address, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form !== undefined && { body: form }),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }

  /** @returns the address outside of the provider that it ends at, or the page that asks nothing more */
  async function visit(start: string, filled: Readonly<Record<string, string>>): Promise<{ url: URL; page: string }> {
    let url = new URL(start)
    let answer = await request(url)
    for (let step = 0; step < 30; step++) {
      const location = answer.headers.get('location')
      if (location !== null) {
        url = new URL(location, url)
        if (url.origin !== issuer) return { url, page: '' }
        answer = await request(url)
        continue
      }
      const page = await answer.text()
      const form = readForm(page, filled)
      if (form === undefined || page.includes('was interrupted')) return { url, page }
      url = new URL(form.action, url)
      answer = await request(url, form.fields)
    }
    throw new Error(`the provider never came to an end: ${url.href}`)
  }

  return {
    /** The code flow, until the browser is sent back. */
    async authorize(authorizationUrl: string, login: string): Promise<URLSearchParams> {
      const { url, page } = await visit(authorizationUrl, { login, password: 'any' })
      if (page !== '') throw new Error(`the provider did not send the browser back: ${page}`)
      return url.searchParams
    },
    /** The device flow: enters the code, confirms, signs in. */
    async enterCode(verificationUri: string, userCode: string, login: string): Promise<string> {
      return (await visit(verificationUri, { user_code: userCode, login, password: 'any' })).page
    },
    async decline(verificationUri: string, userCode: string): Promise<string> {
      return (await visit(verificationUri, { user_code: userCode, abort: 'yes' })).page
    },
    visit,
  }
}

function readForm(
  page: string,
  filled: Readonly<Record<string, string>>,
): { action: string; fields: URLSearchParams } | undefined {
  const [whole, attributes = ''] = /<form([^>]*)>[\s\S]*?<\/form>/.exec(page) ?? []
  const action = /action="([^"]+)"/.exec(attributes)?.[1]
  if (whole === undefined || action === undefined || !/method="post"/i.test(attributes)) return undefined
  const fields = new URLSearchParams()
  for (const [, input = ''] of whole.matchAll(/<input([^>]*)>/g)) {
    const name = /name="([^"]+)"/.exec(input)?.[1]
    if (name === undefined) continue
    fields.set(name, filled[name] ?? decode(/value="([^"]*)"/.exec(input)?.[1] ?? ''))
  }
  // A button, which is no input.
  if (filled['logout'] !== undefined) fields.set('logout', filled['logout'])
  if (filled['abort'] !== undefined && fields.has('confirm')) {
    fields.delete('confirm')
    fields.set('abort', 'yes')
  }
  return { action: decode(action), fields }
}

function decode(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&#x2F;', '/').replaceAll('&quot;', '"')
}
