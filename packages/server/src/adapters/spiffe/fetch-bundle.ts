/**
 * Fetches the bundle of another trust domain from its endpoint (SPIFFE Federation section 5).
 *
 * `https_web`: the certificate is one of a public authority, or of the one that was configured. `https_spiffe`: it is an
 * X509-SVID with exactly the configured ID, verified with the bundle that is at hand, and with nothing else.
 *
 * Promise: https only; addresses are checked as `guardedFetch` checks them; a redirect is followed a few times, to
 * addresses that satisfy the same rules and to the same SPIFFE ID, and is never remembered; time and size are bounded.
 */
import { request } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate, type DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Certificate } from '@mayfly/domain'
import { checkedLookup, namesLoopback, requireAllowed } from '@mayfly/provider-kit'
import { verifyX509Svid } from '../x509/verify-x509-svid.ts'
import { maxBundleSizeBytes } from './read-bundle.ts'

export type BundleEndpoint =
  | { readonly profile: 'https_web'; readonly url: string; readonly caPem: string | undefined }
  | {
      readonly profile: 'https_spiffe'
      readonly url: string
      readonly endpointSpiffeId: string
      /** Of the trust domain of the endpoint's ID. */
      readonly authorities: readonly Certificate[]
    }

export interface FetchBundleOptions {
  readonly signal: AbortSignal
  readonly now: Date
}

const maxRedirects = 3
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Section 5.1: https, and nobody named in it. */
export function isBundleUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === ''
}

/** @throws Error with a message for the log and for whoever federates: names the host and what was wrong */
export async function fetchBundle(endpoint: BundleEndpoint, options: FetchBundleOptions): Promise<string> {
  let url = endpoint.url
  for (let redirects = 0; ; redirects++) {
    const answer = await ask({ ...endpoint, url }, options)
    if ('text' in answer) return answer.text
    if (redirects === maxRedirects) throw new Error(`${new URL(url).host} redirects more than ${maxRedirects} times`)
    url = new URL(answer.location, url).href
  }
}

type Answer = { readonly text: string } | { readonly location: string }

async function ask(endpoint: BundleEndpoint, options: FetchBundleOptions): Promise<Answer> {
  if (!isBundleUrl(endpoint.url)) throw new Error('the address is not https, or names a user')
  const url = new URL(endpoint.url)
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  const mayBeLoopback = namesLoopback(url)
  // A literal address is never looked up, so it is checked here.
  if (isIP(host) !== 0) requireAllowed(host, mayBeLoopback)
  return new Promise((done, fail) => {
    const asked = request(
      url,
      {
        agent: false,
        headers: { accept: 'application/json', 'user-agent': 'mayfly' },
        lookup: checkedLookup(mayBeLoopback),
        signal: options.signal,
        minVersion: 'TLSv1.2',
        ...(endpoint.profile === 'https_web' && endpoint.caPem !== undefined ? { ca: endpoint.caPem } : {}),
        // The path of an X509-SVID is not one of a web server; it is verified below, before anything is read or sent.
        ...(endpoint.profile === 'https_spiffe' ? { rejectUnauthorized: false } : { checkServerIdentity: checkName }),
      },
      (response) => {
        const { statusCode = 0, headers } = response
        if (redirectStatuses.has(statusCode) && headers.location !== undefined) {
          response.resume()
          done({ location: headers.location })
          return
        }
        if (statusCode !== 200) {
          response.resume()
          fail(new Error(`${url.host} answered with status ${statusCode}`))
          return
        }
        const chunks: Buffer[] = []
        let sizeBytes = 0
        response.on('data', (chunk: Buffer) => {
          sizeBytes += chunk.length
          chunks.push(chunk)
          if (sizeBytes <= maxBundleSizeBytes) return
          fail(new Error(`${url.host} sent too much`))
          asked.destroy()
        })
        response.on('end', () => done({ text: Buffer.concat(chunks).toString('utf8') }))
        response.on('error', fail)
      },
    )
    if (endpoint.profile === 'https_spiffe') {
      asked.on('socket', (socket) => {
        socket.on('secureConnect', () => {
          const fault = socket instanceof TLSSocket ? svidFault(socket, endpoint, options.now) : 'there is no TLS'
          if (fault !== undefined) asked.destroy(new Error(`${url.host}: ${fault}`))
        })
      })
    }
    asked.on('error', fail)
    asked.end()
  })
}

function checkName(host: string, certificate: PeerCertificate): Error | undefined {
  return checkServerIdentity(host, certificate)
}

function svidFault(
  socket: TLSSocket,
  endpoint: Extract<BundleEndpoint, { profile: 'https_spiffe' }>,
  now: Date,
): string | undefined {
  const { endpointSpiffeId, authorities } = endpoint
  const verified = verifyX509Svid({
    certificates: chainOf(socket),
    bundleOf: (trustDomain) => (endpointSpiffeId.startsWith(`spiffe://${trustDomain}/`) ? authorities : undefined),
    at: now,
    purpose: 'serverAuth',
  })
  if (verified.outcome === 'rejected') return `its X509-SVID is not believed: ${verified.detail}`
  const { trustDomain, path } = verified.spiffeId
  const shown = `spiffe://${trustDomain}${path}`
  return shown === endpointSpiffeId ? undefined : `it is \`${shown}\`, and not \`${endpointSpiffeId}\``
}

function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = []
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (at?.raw !== undefined && chain.length < 10) {
    chain.push(at.raw)
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  }
  return chain
}
