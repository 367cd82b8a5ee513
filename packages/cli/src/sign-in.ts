/**
 * Signing in at a provider, with a code that the person enters elsewhere (RFC 8628), or in a browser that comes back to
 * this command (RFC 8252).
 *
 * Promise: no browser is opened and nothing is entered on anyone's behalf; what is finished is only what this very command
 * began, with a secret that it holds in memory.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { answerOf, type components, type MayflyClient } from '@mayfly/client'
import type { Cli } from './cli.ts'
import { UsageError } from './usage-error.ts'

export type SignedIn = components['schemas']['SignedIn']
type SignIn = components['schemas']['SignIn']

export interface SignInAsked {
  readonly provider: string
  /** Thumbprint of the key that the session will be bound to. */
  readonly dpop_jkt: string
}

const flowNames = { device: 'with a code on another device', code: 'in a browser' } as const

/** @throws UsageError nobody can sign in there, or it is not said where */
export async function chooseProvider(
  api: MayflyClient,
  wanted: string | undefined,
  flow: keyof typeof flowNames,
): Promise<string> {
  const { items } = await answerOf(api.GET('/v1/sign-in-providers'))
  const names = items.map(({ name }) => `\`${name}\``).join(', ')
  const found = wanted === undefined && items.length === 1 ? items[0] : items.find(({ name }) => name === wanted)
  if (found === undefined) {
    if (items.length === 0) {
      throw new UsageError(
        'this server has no sign-in provider yet',
        'the first administrator gives `--bootstrap-file FILE`; then `mayfly sign-in setup`',
      )
    }
    throw new UsageError(
      wanted === undefined ? 'there are several sign-in providers' : `there is no sign-in provider \`${wanted}\``,
      `give \`--provider\` one of ${names}`,
    )
  }
  if (found.flows.includes(flow)) return found.name
  throw new UsageError(
    `\`${found.name}\` does not let people sign in ${flowNames[flow]}`,
    flow === 'device' ? 'give `--browser`' : 'leave out `--browser`',
  )
}

/** Shows the address and the code, and asks until the person has entered it. */
export async function signInByDevice(cli: Cli, api: MayflyClient, asked: SignInAsked): Promise<SignedIn> {
  const started = await answerOf(api.POST('/v1/sign-ins', { body: { ...asked, flow: 'device' } }))
  const { verification_uri: address, user_code: code, verification_uri_complete: complete } = started
  cli.out.say(`open ${address ?? ''} and enter the code ${code ?? ''}`)
  if (complete !== null) cli.out.say(`or open ${complete}`)
  cli.out.say('enter only a code that you asked for yourself')
  let intervalSeconds = started.interval ?? 5
  for (;;) {
    cli.out.progress(`waiting until ${started.expires_at} …`)
    await wait(intervalSeconds * 1000, undefined, { signal: cli.signal })
    const outcome = await finish(api, started, {})
    if (outcome.session !== null) return outcome.session
    intervalSeconds = outcome.interval ?? intervalSeconds
  }
}

/** Listens on a loopback address for the browser to come back. */
export async function signInByBrowser(cli: Cli, api: MayflyClient, asked: SignInAsked): Promise<SignedIn> {
  const arrived = Promise.withResolvers<URLSearchParams>()
  let state: string | null = null
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    // Of anything else that finds this port nothing is believed, and nothing is over by it.
    if (request.method !== 'GET' || url.pathname !== '/callback' || url.searchParams.get('state') !== state) {
      return answer(response, 404, 'There is nothing here.')
    }
    answer(response, 200, 'Signed in: this page can be closed. Go on in the terminal.')
    arrived.resolve(url.searchParams)
  })
  const onInterrupt = () => arrived.reject(cli.signal.reason as Error)
  cli.signal.addEventListener('abort', onInterrupt, { once: true })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
    const body = { ...asked, flow: 'code', redirect_uri: redirectUri } as const
    const started = await answerOf(api.POST('/v1/sign-ins', { body }))
    const address = started.authorization_url ?? ''
    state = new URL(address).searchParams.get('state')
    cli.out.say(`open ${address}`)
    const limit = setTimeout(
      () => arrived.reject(new UsageError('nobody signed in in time', 'run it again')),
      started.expires_in * 1000,
    )
    const back = await arrived.promise.finally(() => clearTimeout(limit))
    const [code, error, iss] = [back.get('code'), back.get('error'), back.get('iss')]
    if (code === null) throw new UsageError(`the provider did not sign you in (${error ?? 'it gave no code'})`)
    const outcome = await finish(api, started, { code, state: state ?? '', ...(iss !== null && { iss }) })
    if (outcome.session === null) throw new Error('a sign-in by browser was left pending')
    return outcome.session
  } finally {
    cli.signal.removeEventListener('abort', onInterrupt)
    server.closeAllConnections()
    server.close()
  }
}

async function finish(
  api: MayflyClient,
  { sign_in_id: id, starter_secret }: SignIn,
  back: { readonly code?: string; readonly state?: string; readonly iss?: string },
) {
  const init = { params: { path: { id } }, body: { starter_secret, ...back } }
  return answerOf(api.POST('/v1/sign-ins/{id}/complete', init))
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  })
  response.end(`${text}\n`)
}
