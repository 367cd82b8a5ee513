/**
 * Lists of revoked certificates of a trust provider: given beforehand, or fetched.
 *
 * Promise: each certificate below the anchor needs a list of its own issuer, signed, in force and young enough; where there
 * is none, it is refused. A list that cannot be fetched is asked for again at most every ten seconds, and the last one
 * counts until it is too old: an outage never opens the door.
 */
import { type Certificate, type Clock, type Crl, isX509Fault, parseCrl, parsePemOf } from '@mayfly/domain'
import { checkCrl } from '../../x509/check-crl.ts'
import { guardedFetch } from '@mayfly/provider-kit'
import type { X509Settings } from './x509-trust-provider.ts'

export interface CrlSource {
  /**
   * @param path the leaf first, the anchor last
   * @returns why it is refused, or undefined
   */
  check(path: readonly Certificate[], now: Date): Promise<string | undefined>
}

const freshForSeconds = 300
const coolDownSeconds = 10
const fetchTimeoutMs = 5_000
const maxSizeBytes = 8_388_608

export function openCrlSource(settings: X509Settings['crl'], clock: Clock): CrlSource {
  switch (settings.from) {
    case 'none':
      return { check: async () => undefined }
    case 'static': {
      const crls = settings.crls.map((text) => readCrl(Buffer.from(text, 'latin1')))
      return { check: async (path, now) => checkPath(path, crls, now, settings.max_age_seconds) }
    }
    case 'url': {
      const held = settings.urls.map((url) => holdCrl(url, clock))
      return {
        async check(path, now) {
          const crls = await Promise.all(held.map((one) => one.current()))
          return checkPath(path, crls, now, settings.max_age_seconds)
        },
      }
    }
  }
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
      const crl = readCrl(bytes)
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
): string | undefined {
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1]
    if (issuer === undefined) return 'the path has no end'
    let why = crls.find((crl) => typeof crl === 'string') ?? 'there is no list of revoked certificates of its issuer'
    let good = false
    for (const crl of crls) {
      if (typeof crl === 'string') continue
      const status = checkCrl({ certificate, issuer, crl, at, maxAgeSeconds })
      if (status.status === 'revoked') return 'the certificate has been revoked'
      if (status.status === 'good') good = true
      else if (status.reason !== 'crl_of_other_issuer') why = status.detail
    }
    if (!good) return typeof why === 'string' ? why : 'the list of revoked certificates cannot be read'
  }
  return undefined
}

/** PEM, base64 of DER, or DER. */
function readCrl(bytes: Buffer): Crl | string {
  const text = bytes.subarray(0, 64).toString('latin1').trimStart()
  let der: Uint8Array = bytes
  if (text.startsWith('-----BEGIN')) {
    const read = parsePemOf('X509 CRL', bytes.toString('latin1'))
    const [first] = isX509Fault(read) ? [] : read.ders
    if (first === undefined) return 'the list of revoked certificates cannot be read'
    der = first
  } else if (/^[A-Za-z0-9+/\s]+$/.test(text)) der = Buffer.from(bytes.toString('latin1'), 'base64')
  const crl = parseCrl(der)
  return isX509Fault(crl) ? `the list of revoked certificates cannot be read: ${crl.fault}` : crl
}
