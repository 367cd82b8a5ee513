/**
 * Lists of revoked certificates of a trust provider: given beforehand, fetched, or carried here by an offline bundle.
 *
 * Promise: each certificate below the anchor needs a list of its own issuer, signed, in force and young enough; where there
 * is none, it is refused. A list that cannot be fetched is asked for again at most every ten seconds, and the last one
 * counts until it is too old: an outage never opens the door.
 */
import { type Certificate, type Clock, type Crl, isX509Fault, parsePemOf } from '@mayfly/domain'
import { checkCrl } from '../../x509/check-crl.ts'
import { guardedFetch } from '@mayfly/provider-kit'
import { readCrl } from '../../x509/read-crl.ts'
import { type Rejection, rejected, type TrustProviderDeps } from '../trust-provider.ts'
import { checkCarriedPath } from './check-carried-path.ts'
import type { X509Settings } from './x509-trust-provider.ts'

/** What of a path that is good was judged with carried lists, if any. */
export interface CheckedPath {
  readonly carried?: { readonly madeAt: readonly Date[]; readonly maxAgeSeconds: number }
}

export interface CrlSource {
  /**
   * @param path the leaf first, the anchor last
   * @throws MayflyError `trust_bundle_unavailable`: carried lists that are missing or too old
   */
  check(path: readonly Certificate[], now: Date): Promise<CheckedPath | Rejection>
  /** Those that can be had now, DER; none where they were carried here, since they are another site's to carry. */
  lists(): Promise<readonly Uint8Array[]>
}

const freshForSeconds = 300
const coolDownSeconds = 10
const fetchTimeoutMs = 5_000
const maxSizeBytes = 8_388_608

export function openCrlSource(
  settings: X509Settings['crl'],
  deps: Pick<TrustProviderDeps, 'clock' | 'offlineMaterial'>,
): CrlSource {
  switch (settings.from) {
    case 'none':
      return { check: async () => ({}), lists: async () => [] }
    case 'static': {
      const crls = settings.crls.map((text) => readList(Buffer.from(text, 'latin1')))
      return {
        check: async (path, now) => checkPath(path, crls, now, settings.max_age_seconds),
        lists: async () => dersOf(crls),
      }
    }
    case 'url': {
      const held = settings.urls.map((url) => holdCrl(url, deps.clock))
      const current = () => Promise.all(held.map((one) => one.current()))
      return {
        check: async (path, now) => checkPath(path, await current(), now, settings.max_age_seconds),
        lists: async () => dersOf(await current()),
      }
    }
    case 'offline_site':
      return { check: (path, now) => checkCarriedPath(deps, settings.site, path, now), lists: async () => [] }
  }
}

function dersOf(crls: readonly (Crl | string)[]): readonly Uint8Array[] {
  return crls.flatMap((crl) => (typeof crl === 'string' ? [] : [crl.der]))
}

/** The last list of an address, read again every five minutes. */
function holdCrl(url: string, clock: Clock): { current(): Promise<Crl | string> } {
  let held: Crl | undefined
  let fault = `no list of revoked certificates could be fetched from \`${new URL(url).host}\``
  let readAtMs = Number.NEGATIVE_INFINITY
  let triedAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    triedAtMs = clock.now().getTime()
    try {
      const signal = AbortSignal.timeout(fetchTimeoutMs)
      const { bytes } = await guardedFetch(url, { signal, maxSizeBytes, headers: { accept: 'application/pkix-crl' } })
      const crl = readList(bytes)
      if (typeof crl === 'string') {
        fault = crl
        return
      }
      // An older list than the one at hand would bring back what was revoked since.
      if (held === undefined || crl.thisUpdate >= held.thisUpdate) held = crl
      readAtMs = clock.now().getTime()
    } catch {
      // Why is for the log of whoever serves it. The last list counts until it is too old.
      fault = `no list of revoked certificates could be fetched from \`${new URL(url).host}\``
    }
  }

  return {
    async current() {
      const nowMs = clock.now().getTime()
      if (nowMs - readAtMs >= freshForSeconds * 1000 && nowMs - triedAtMs >= coolDownSeconds * 1000) {
        reading ??= read().finally(() => (reading = undefined))
      }
      await reading
      return held ?? fault
    },
  }
}

function checkPath(
  path: readonly Certificate[],
  crls: readonly (Crl | string)[],
  at: Date,
  maxAgeSeconds: number,
): CheckedPath | Rejection {
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined) return rejected('certificate_invalid', 'the path has no end')
    let why = crls.find((crl) => typeof crl === 'string') ?? 'there is no list of revoked certificates of its issuer'
    let good = false
    for (const crl of crls) {
      if (typeof crl === 'string') continue
      const status = checkCrl({ certificate, issuer, crl, at, maxAgeSeconds })
      if (status.status === 'revoked') return rejected('certificate_invalid', 'the certificate has been revoked')
      if (status.status === 'good') good = true
      else if (status.reason !== 'crl_of_other_issuer') why = status.detail
    }
    if (!good) {
      const detail = typeof why === 'string' ? why : 'the list of revoked certificates cannot be read'
      return rejected('certificate_invalid', detail)
    }
  }
  return {}
}

/** PEM, base64 of DER, or DER. */
function readList(bytes: Buffer): Crl | string {
  const text = bytes.subarray(0, 64).toString('latin1').trimStart()
  let der: Uint8Array = bytes
  if (text.startsWith('-----BEGIN')) {
    const read = parsePemOf('X509 CRL', bytes.toString('latin1'))
    const [first] = isX509Fault(read) ? [] : read.ders
    if (first === undefined) return 'the list of revoked certificates cannot be read'
    der = first
  } else if (/^[A-Za-z0-9+/\s]+$/.test(text)) der = Buffer.from(bytes.toString('latin1'), 'base64')
  const crl = readCrl(der)
  return isX509Fault(crl) ? `the list of revoked certificates cannot be read: ${crl.fault}` : crl
}
