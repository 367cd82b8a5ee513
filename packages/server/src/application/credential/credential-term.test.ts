import fc from 'fast-check'
import { expect, test } from 'vitest'
import { termOf } from './credential-term.ts'

const now = new Date('2026-11-22T12:00:00.000Z')
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1_000)
const bounds = {
  now,
  askedSeconds: undefined,
  duties: { maxTtlSeconds: 900 },
  roleMaxTtlSeconds: null,
  taskDeadline: undefined,
  identityExpiresAt: inSeconds(1_000_000),
  hardEnd: inSeconds(86_400),
}

test('who asks for nothing gets what policy allows, and may renew up to the hard end', () => {
  expect(termOf(bounds)).toEqual({ expiresAt: inSeconds(900), maxExpiresAt: inSeconds(86_400) })
})

test('the role, the request, the task and the identity each can only shorten it', () => {
  expect(termOf({ ...bounds, askedSeconds: 60 }).expiresAt).toEqual(inSeconds(60))
  expect(termOf({ ...bounds, roleMaxTtlSeconds: 300 }).expiresAt).toEqual(inSeconds(300))
  expect(termOf({ ...bounds, taskDeadline: inSeconds(120) })).toEqual({
    expiresAt: inSeconds(120),
    maxExpiresAt: inSeconds(120),
  })
  expect(termOf({ ...bounds, identityExpiresAt: inSeconds(30) })).toEqual({
    expiresAt: inSeconds(30),
    maxExpiresAt: inSeconds(30),
  })
})

test('it never lasts longer than any of its bounds', () => {
  const seconds = fc.integer({ min: 1, max: 3_000_000 })
  fc.assert(
    fc.property(fc.option(seconds), seconds, fc.option(seconds), fc.option(seconds), seconds, seconds, (...given) => {
      const [asked, ttl, role, deadline, identity, hard] = given
      const { expiresAt, maxExpiresAt } = termOf({
        now,
        askedSeconds: asked ?? undefined,
        duties: { maxTtlSeconds: ttl },
        roleMaxTtlSeconds: role,
        taskDeadline: deadline === null ? undefined : inSeconds(deadline),
        identityExpiresAt: inSeconds(identity),
        hardEnd: inSeconds(hard),
      })
      const life = Math.min(...[asked, ttl, role, deadline, identity, hard].filter((each) => each !== null))
      expect(expiresAt).toEqual(inSeconds(life))
      expect(maxExpiresAt.getTime()).toBeGreaterThanOrEqual(expiresAt.getTime())
    }),
  )
})
