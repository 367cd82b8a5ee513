/**
 * Asks an address that a person configured, by HTTP, and cannot be turned against us by it.
 *
 * Promise: no redirect is followed; every address that the name resolves to is checked, and the connection goes to the
 * one that was checked (no second look-up in between); cloud metadata and link-local addresses are refused; TLS is
 * verified; time and size are bounded.
 * Limit: private networks are allowed, since a cluster's own issuer lives there. Who may write trust providers is for
 * the policies to say.
 */
import { lookup as resolve } from 'node:dns'
import { type Agent, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

export interface GuardedFetchOptions {
  readonly signal: AbortSignal
  readonly maxSizeBytes: number
  /** PEM of the authority that signed the server's certificate, where it is not a public one. */
  readonly ca?: string | undefined
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Beside `accept` and `user-agent`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Keeps connections open between calls to one address; default: a new one for each. */
  readonly agent?: Agent
  /** Which statuses are an answer; default 200 alone. */
  readonly accepts?: (status: number) => boolean
}

export interface FetchedText {
  readonly status: number
  readonly text: string
  readonly bytes: Buffer
  /** `max-age` of the answer's Cache-Control, in seconds, where it names one. */
  readonly maxAgeSeconds: number | undefined
}

const neverAllowed = new BlockList()
neverAllowed.addSubnet('0.0.0.0', 8, 'ipv4')
neverAllowed.addSubnet('169.254.0.0', 16, 'ipv4')
neverAllowed.addSubnet('224.0.0.0', 3, 'ipv4')
neverAllowed.addAddress('100.100.100.200', 'ipv4')
neverAllowed.addAddress('168.63.129.16', 'ipv4')
neverAllowed.addAddress('::', 'ipv6')
neverAllowed.addSubnet('fe80::', 10, 'ipv6')
neverAllowed.addSubnet('ff00::', 8, 'ipv6')
neverAllowed.addSubnet('fd00:ec2::', 32, 'ipv6')
neverAllowed.addSubnet('fd20:ce::', 32, 'ipv6')
// Addresses that carry an IPv4 address inside: what they lead to is not what was checked.
neverAllowed.addSubnet('64:ff9b::', 96, 'ipv6')
neverAllowed.addSubnet('2002::', 16, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `https:`, or `http:` to this very machine for development. No user, no password, no fragment. */
export function isFetchableUrl(text: string): boolean {
  return fetchableUrl(text) !== undefined
}

function fetchableUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && namesLoopback(url)) ? url : undefined
}

/** @throws Error with a message for the log: refused address, no answer in time, a status that is no answer, too large */
export async function guardedFetch(address: string, options: GuardedFetchOptions): Promise<FetchedText> {
  const url = fetchableUrl(address)
  if (url === undefined) throw new Error(`${address} is not an https address`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const mayBeLoopback = namesLoopback(url)
  // A literal address is never looked up, so it is checked here.
  if (isIP(host) !== 0) requireAllowed(host, mayBeLoopback)
  const { signal } = options
  signal.throwIfAborted()
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  // By hand and not by the option `signal` of a request, which costs a tenth of a call.
  let stop = (): void => undefined
  try {
    return await new Promise((done, fail) => {
      const request = send(
        {
          // Member by member: a URL would be taken apart once more.
          protocol: url.protocol,
          hostname: host,
          ...(url.port === '' ? {} : { port: url.port }),
          path: url.pathname + url.search,
          agent: options.agent ?? false,
          method: options.method ?? 'GET',
          headers: {
            accept: 'application/json',
            'user-agent': 'mayfly',
            ...options.headers,
            ...(options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }),
          },
          lookup: mayBeLoopback ? lookupHere : lookupElsewhere,
          ...(options.ca === undefined ? {} : { ca: options.ca }),
        },
        (response) => {
          const chunks: Buffer[] = []
          let sizeBytes = 0
          const status = response.statusCode ?? 0
          // Never a redirect, whatever the caller accepts: where it leads to was not configured.
          if ((status >= 300 && status < 400) || !(options.accepts?.(status) ?? status === 200)) {
            response.resume()
            fail(new Error(`${url.host} answered with status ${status}`))
            return
          }
          response.on('data', (chunk: Buffer) => {
            sizeBytes += chunk.length
            chunks.push(chunk)
            if (sizeBytes <= options.maxSizeBytes) return
            // At once, and not by way of `error`: all of it may have come already.
            fail(new Error(`${url.host} sent too much`))
            request.destroy()
          })
          response.on('end', () => {
            const [only] = chunks
            const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
            done({
              status,
              text: bytes.toString('utf8'),
              bytes,
              maxAgeSeconds: maxAgeOf(response.headers['cache-control']),
            })
          })
          response.on('error', fail)
        },
      )
      request.on('error', fail)
      stop = () => {
        fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
        request.destroy()
      }
      signal.addEventListener('abort', stop, { once: true })
      request.end(options.body)
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Looks a name up and refuses addresses that must not be reached. */
export function checkedLookup(mayBeLoopback: boolean): LookupFunction {
  return (host, lookupOptions, answer) => {
    resolve(host, { all: true, verbatim: true }, (error, addresses) => {
      if (error !== null) return answer(error, '')
      try {
        for (const { address } of addresses) requireAllowed(address, mayBeLoopback)
      } catch (refusal) {
        return answer(refusal as Error, '')
      }
      const first = addresses[0]
      if (first === undefined) return answer(new Error(`${host} has no address`), '')
      return lookupOptions.all === true ? answer(null, addresses) : answer(null, first.address, first.family)
    })
  }
}

const lookupHere = checkedLookup(true)
const lookupElsewhere = checkedLookup(false)

/** @throws Error: a literal address that must not be reached */
export function requireAllowed(address: string, mayBeLoopback: boolean): void {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  // BlockList also sees through IPv4 addresses written as IPv6 (::ffff:169.254.169.254).
  if (neverAllowed.check(address, family)) throw new Error(`${address} is a metadata or link-local address`)
  if (loopback.check(address, family) && !mayBeLoopback)
    throw new Error(`${address} is this machine, under another name`)
}

export function namesLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4'))
}

function maxAgeOf(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  const seconds = /(?:^|[\s,])max-age=(\d{1,8})(?:$|[\s,;])/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
