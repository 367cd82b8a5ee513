/**
 * Nonces that this server gives for DPoP proofs (RFC 9449 sections 8 and 9): a proof with one was made after it was given.
 *
 * Promise: nothing is kept. A nonce is the time, with an HMAC over it under a key that follows from the key-encryption
 * key, so that each server takes what another gave, and nobody can make one ahead.
 * Limit: everybody who asks within one second gets the same one. It says when, not for whom; the proof says that.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@mayfly/provider-kit'

export const dpopNonceLifeSeconds = 300
/** From this age on the next answer brings a new one, so that no client meets the end of the old (section 8.2). */
const renewAfterSeconds = 60
/** Servers' clocks may differ. */
const aheadSeconds = 60
const timeBytes = 4
const macBytes = 16
const shape = /^[A-Za-z0-9_-]{27}$/

export interface DpopNonces {
  /** 27 characters, base64url. */
  make(now: Date): string
  /** `ageing`: good, and the sender should be given a new one. `unknown`: not one of ours, or too old. */
  judge(nonce: string, now: Date): 'fresh' | 'ageing' | 'unknown'
}

/** @param secrets the one to make nonces with, then those whose nonces are still believed */
export function openDpopNonces(secrets: readonly [Secret, ...Secret[]]): DpopNonces {
  const [current, ...former] = secrets.map((secret) => createSecretKey(secret.reveal(), 'base64url'))
  if (current === undefined) throw new TypeError('a secret is needed')
  const keys = [current, ...former]

  return {
    make(now) {
      const time = Buffer.alloc(timeBytes)
      time.writeUInt32BE(Math.floor(now.getTime() / 1000))
      return Buffer.concat([time, macOf(current, time)]).toString('base64url')
    },
    judge(nonce, now) {
      if (!shape.test(nonce)) return 'unknown'
      const bytes = Buffer.from(nonce, 'base64url')
      const [time, mac] = [bytes.subarray(0, timeBytes), bytes.subarray(timeBytes)]
      if (!keys.some((key) => timingSafeEqual(macOf(key, time), mac))) return 'unknown'
      const ageSeconds = Math.floor(now.getTime() / 1000) - time.readUInt32BE()
      if (ageSeconds > dpopNonceLifeSeconds || ageSeconds < -aheadSeconds) return 'unknown'
      return ageSeconds > renewAfterSeconds ? 'ageing' : 'fresh'
    },
  }
}

function macOf(key: ReturnType<typeof createSecretKey>, time: Uint8Array): Buffer {
  return createHmac('sha256', key).update(time).digest().subarray(0, macBytes)
}
