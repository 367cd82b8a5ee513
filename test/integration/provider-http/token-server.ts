/**
 * A small system that hands out tokens, as many do: it chooses the ids, keeps a label, lists in pages, and a token is tried
 * with a bearer request. Its faults can be switched on.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface TokenServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly pageSize?: number
}

export interface TokenServer extends AsyncDisposable {
  readonly url: string
  readonly adminToken: string
  /** What it was asked, oldest first, e.g. `POST /tokens`. */
  readonly asked: string[]
  /** Set to make it misbehave. */
  readonly faults: {
    /** Answers that a deletion is done, and does nothing. */
    deleteLies?: boolean
    /** Answers this status to every call. */
    status?: number
    /** Where it sends whoever asks for the next page. */
    nextPage?: string
    /** Creates wait for this. */
    hold?: Promise<void>
    /** Redirects each call there. */
    redirect?: string
  }
  /** True where a request with this token is let in, as the account of this label. */
  letsIn(token: string, label: string): Promise<boolean>
  readonly tokens: ReadonlyMap<string, { readonly label: string; readonly scope: string; readonly token: string }>
  /** An account with a password of its own, for rotation. */
  addAccount(name: string, password: string): void
  letsAccountIn(name: string, password: string): boolean
}

export async function startTokenServer({ tls, pageSize = 3 }: TokenServerOptions = {}): Promise<TokenServer> {
  const tokens = new Map<string, { label: string; scope: string; token: string }>()
  const accounts = new Map<string, string>()
  const adminToken = randomBytes(18).toString('base64url')
  const faults: TokenServer['faults'] = {}
  const asked: string[] = []

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://token-server')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, string>
    const send = (status: number, content?: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(content === undefined ? '' : JSON.stringify(content))
    }
    asked.push(`${request.method} ${url.pathname}`)
    if (faults.redirect !== undefined) {
      response.writeHead(302, { location: faults.redirect }).end()
      return
    }
    if (faults.status !== undefined) return send(faults.status, { error: `do not print ${adminToken}` })
    const { authorization = '' } = request.headers
    if (url.pathname === '/whoami') {
      const own = [...tokens.values()].find((one) => authorization === `Bearer ${one.token}`)
      return send(own === undefined ? 401 : 200, own && { label: own.label })
    }
    if (url.pathname === '/login') {
      const [name = '', password = ''] = Buffer.from(authorization.replace('Basic ', ''), 'base64')
        .toString()
        .split(':')
      return send(accounts.get(name) === password ? 200 : 401)
    }
    if (authorization !== `Bearer ${adminToken}`) return send(401)
    if (url.pathname.startsWith('/accounts/') && request.method === 'PUT') {
      const name = decodeURIComponent(url.pathname.slice('/accounts/'.length))
      if (!accounts.has(name)) return send(404)
      accounts.set(name, body['password'] ?? '')
      return send(204)
    }
    if (url.pathname === '/tokens' && request.method === 'POST') {
      await faults.hold
      if (response.destroyed) return undefined
      const { label = '', scope = '' } = body
      const token = randomBytes(24).toString('base64url')
      const id = randomUUID()
      tokens.set(id, { label, scope, token })
      return send(201, { id, token, scope })
    }
    if (url.pathname === '/tokens' && request.method === 'GET') {
      const from = Number(url.searchParams.get('from') ?? 0)
      const all = [...tokens].map(([id, { label, scope }]) => ({ id, label, scope }))
      const next = from + pageSize < all.length ? (faults.nextPage ?? `/tokens?from=${from + pageSize}`) : undefined
      return send(200, { tokens: all.slice(from, from + pageSize), ...(next === undefined ? {} : { next }) })
    }
    const id = decodeURIComponent(url.pathname.slice('/tokens/'.length))
    if (request.method !== 'DELETE' || !tokens.has(id)) return send(404)
    if (faults.deleteLies !== true) tokens.delete(id)
    return send(204)
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  return {
    url,
    adminToken,
    asked,
    faults,
    tokens,
    async letsIn(token, label) {
      const answer = await fetch(`${url}/whoami`, { headers: { authorization: `Bearer ${token}` } })
      return answer.status === 200 && ((await answer.json()) as { label: string }).label === label
    },
    addAccount: (name, password) => void accounts.set(name, password),
    letsAccountIn: (name, password) => accounts.get(name) === password,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The template that fits it. */
export function tokenSettings(url: string): Record<string, unknown> {
  return {
    base_url: url,
    choices: { scope: ['read', 'deploy'] },
    create: {
      method: 'POST',
      path: '/tokens',
      body: { label: '{account_name}', scope: '{permission.scope}', until: '{expires_at}' },
      headers: { 'idempotency-key': '{credential_id}' },
      fields: { token: { pointer: '/token' }, scope: { pointer: '/scope', secret: false } },
    },
    find: { path: '/tokens', list: { items: '/tokens', label: '/label', next: '/next' }, handle: '/id' },
    delete: { method: 'DELETE', path: '/tokens/{handle}' },
    rotate: {
      set: { method: 'PUT', path: '/accounts/{account}', body: { password: '{next}' } },
      try: { path: '/login', auth: 'basic' },
    },
  }
}
