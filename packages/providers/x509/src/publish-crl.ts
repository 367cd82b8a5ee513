/**
 * Revocation lists: a whole one, and a delta to it (RFC 5280 section 5).
 *
 * Promise: made when asked for, from what is written at that moment: a list fetched after a revocation names it. A number
 * is drawn before the rows are read, over all servers, so a list with a higher number never says less. A list that says
 * what the one before said is that one, until half of its time is over.
 * The delta is to the whole list that this server made at the beginning of the period, and names all that ended since;
 * whoever has a later whole list may add it to that one as well (section 5.2.4).
 */
import { crlReasonOf, encodeCrl, type RevokedCertificate } from '@mayfly/domain'
import { type EndedCredential, serialNumberOf } from '@mayfly/provider-kit'
import { documentNames, type X509Way } from './x509-way.ts'

export interface CrlPublisher {
  whole(signal: AbortSignal): Promise<Uint8Array>
  delta(signal: AbortSignal): Promise<Uint8Array>
}

interface Made {
  readonly der: Uint8Array
  readonly number: number
  readonly madeAtMs: number
  /** What it says, so that the same need not be said again. */
  readonly says: string
}

/** Clocks of servers of Mayfly may differ: what ended shortly before the base is in the delta too. */
const overlapMs = 300_000

export function crlPublisher(way: X509Way): CrlPublisher {
  const { settings, authority, published } = way
  const lifeMs = settings.crl_seconds * 1_000
  const deltaUri = `${published.url}/${documentNames.deltaCrl}`
  let last: Made | undefined
  let base: { readonly number: number; readonly madeAtMs: number } | undefined
  let lastDelta: Made | undefined

  async function make(
    signal: AbortSignal,
    before: Made | undefined,
    since: { readonly number: number; readonly madeAtMs: number } | undefined,
  ): Promise<Made> {
    const now = Date.now()
    const namedOf = (list: readonly EndedCredential[]) =>
      since === undefined ? list : list.filter((one) => one.endedAt.getTime() >= since.madeAtMs - overlapMs)
    const saysOf = (list: readonly EndedCredential[]) =>
      `${since?.number ?? ''} ${list.map((one) => one.credentialId).join()}`
    // Whoever asks again and again makes us read, and neither draw a number nor sign.
    if (before !== undefined && now - before.madeAtMs < lifeMs / 2) {
      if (saysOf(namedOf(await published.listEnded(signal))) === before.says) return before
    }
    const next = await published.nextList(signal)
    const [number, ended] = [next.number, namedOf(next.ended)]
    const says = saysOf(ended)
    const der = encodeCrl(
      { signer: authority.signer, name: authority.certificate.subject.der, keyId: authority.keyId },
      {
        crlNumber: number,
        thisUpdate: new Date(now),
        nextUpdate: new Date(now + lifeMs),
        revoked: ended.map(revokedCertificate),
        ...(since === undefined ? { deltaCrlUris: [deltaUri] } : { baseCrlNumber: since.number }),
      },
    )
    return { der, number, madeAtMs: now, says }
  }

  async function whole(signal: AbortSignal): Promise<Made> {
    last = await make(signal, last, undefined)
    if (base === undefined || Date.now() - base.madeAtMs > lifeMs / 2) base = last
    return last
  }

  return {
    whole: async (signal) => (await whole(signal)).der,
    async delta(signal) {
      if (base === undefined || Date.now() - base.madeAtMs > lifeMs) await whole(signal)
      lastDelta = await make(signal, lastDelta, base)
      return lastDelta.der
    },
  }
}

function revokedCertificate({ credentialId, endedAt, cause }: EndedCredential): RevokedCertificate {
  return { serialNumber: serialNumberOf(credentialId), revokedAt: endedAt, reason: crlReasonOf(cause) }
}
