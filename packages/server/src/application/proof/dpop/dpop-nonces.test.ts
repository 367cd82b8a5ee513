import { randomBytes } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dpopNonceLifeSeconds, openDpopNonces } from './dpop-nonces.ts'

const secret = () => new Secret(randomBytes(32).toString('base64url'))
const now = new Date('2026-11-22T12:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)

test('[RFC9449 8] a nonce is good on every server that has the key, for its time', () => {
  const key = secret()
  const [one, other] = [openDpopNonces([key]), openDpopNonces([secret(), key])]
  const nonce = one.make(now)
  expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(other.judge(nonce, later(30))).toBe('fresh')
  expect(other.judge(nonce, later(61)), 'a new one comes before its end').toBe('ageing')
  expect(other.judge(nonce, later(dpopNonceLifeSeconds))).toBe('ageing')
  expect(other.judge(nonce, later(dpopNonceLifeSeconds + 1))).toBe('unknown')
  expect(openDpopNonces([secret()]).judge(nonce, now), 'a server of another installation').toBe('unknown')
})

test('nobody makes a nonce without the key, nor moves its time', () => {
  const nonces = openDpopNonces([secret()])
  expect(nonces.judge(nonces.make(later(61)), now), 'from too far ahead').toBe('unknown')
  const bytes = Buffer.from(nonces.make(now), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(nonces.judge(changed.toString('base64url'), now)).toBe('unknown')
  }
  fc.assert(fc.property(fc.string(), (text) => nonces.judge(text, now) === 'unknown'))
  expect(nonces.judge(nonces.make(now), now), 'control').toBe('fresh')
})
