/** Whose word counts at the target: what looks like success and is none, and what others write over ours. */
import { newId } from '@mayfly/domain'
import { natsProvider } from '@mayfly/provider-nats'
import { describe, expect, test } from 'vitest'
import { readClaims } from '../../../packages/providers/nats/src/nats-jwt.ts'
import { makeNkey } from '../../../packages/providers/nats/src/nkey.ts'
import { makeTempDir, until, useServer } from '../../support/index.ts'
import { noLimits, startNats } from '../../support/servers/start-nats.ts'
import { canLogIn, codeOf, keyFrom, noSignal, openSession, prepareNats, revoke } from './nats-fixture.ts'

const fresh = async () => prepareNats(await useServer('nats'))
const stateOf = async ({ target }: Awaited<ReturnType<typeof fresh>>, handle: Parameters<typeof revoke>[1][number]) =>
  (await target.observe([handle], noSignal))[0]?.state

describe('what is in place at the target', () => {
  test.each(['the account itself', 'another operator'])(
    'a JWT that %s has signed is stored with a 200 and not acted on: it is not taken for ours',
    async (signer) => {
      await using prepared = await fresh()
      const issued = await prepared.issue()
      await revoke(prepared, [issued.handle])
      expect(await stateOf(prepared, issued.handle), 'control: ended').toBe('absent')

      // It names a stranger's key and no revocation.
      const stranger = makeNkey('account')
      const slipped = await prepared.resign(
        (claims) => ({
          ...claims,
          iat: claims.iat + 10,
          nats: { ...claims.nats, signing_keys: [stranger.key.publicKey], revocations: {} },
        }),
        signer === 'another operator' ? makeNkey('operator').key : prepared.accountKey,
      )
      expect(await prepared.push(slipped), 'control: the server says that it is fine').toContain('"code":200')
      expect(await prepared.stored(), 'control: and gives it back').toBe(slipped)
      expect(await canLogIn(issued.account), 'the running server goes on with ours').toBe(false)
      expect(await stateOf(prepared, issued.handle), 'nobody says that it is safe').toBe('usable')

      const report = await revoke(prepared, [issued.handle])
      expect(report.removedNames).toEqual([issued.handle.accountName])
      const claims = await prepared.claims()
      expect(claims.iss).toBe(keyFrom('operator', prepared.secret.operator_signing_key).publicKey)
      expect(claims.nats['signing_keys'], "nothing of it came under Mayfly's signature").not.toContain(
        stranger.key.publicKey,
      )
      expect(await canLogIn(issued.account)).toBe(false)
      expect(await canLogIn((await prepared.issue()).account), 'the account lives').toBe(true)
    },
  )

  test('with a key that the operator does not name, nothing is pushed and nothing is called ended', async () => {
    await using prepared = await fresh()
    const issued = await prepared.issue()
    const session = await openSession(issued.account)
    const before = await prepared.stored()
    const target = await prepared.open({ secret: { operator_signing_key: makeNkey('operator').seed } })
    try {
      expect(await codeOf(revoke(prepared, [issued.handle], { target }))).toBe('target_unsafe')
      expect(await prepared.stored(), 'what it would have stored locks everyone out at its next start').toBe(before)
      expect(await session.isAlive()).toBe(true)
    } finally {
      await target.close()
    }
    const report = await revoke(prepared, [issued.handle])
    expect(report.removedNames, 'control: with the right key').toEqual([issued.handle.accountName])
    expect(await session.isAlive()).toBe(false)
  })

  test('what a key has signed that the resource does not trust is no ground for a new one, and the key is named', async () => {
    await using prepared = await fresh()
    const issued = await prepared.issue()
    const target = await prepared.open({ settings: { trusted_operator_keys: [] } })
    try {
      const refused = await target.revoke([issued.handle], silent, noSignal).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'target_unsafe' })
      const other = keyFrom('operator', prepared.access.signingSeeds[1]).publicKey
      expect(refused).toHaveProperty('options.hint', expect.stringContaining(other))
      expect(await canLogIn(issued.account)).toBe(true)
      await revoke(prepared, [issued.handle])
      const again = await prepared.issue()
      expect(await codeOf(revoke(prepared, [again.handle], { target })), 'control: ours by now').toBe('no error')
    } finally {
      await target.close()
    }
  })

  test('an older JWT lets the ended in again; it is seen, and the next push ends them anew', async () => {
    await using prepared = await fresh()
    const issued = await prepared.issue()
    const older = await prepared.stored()
    await revoke(prepared, [issued.handle])
    expect(await canLogIn(issued.account)).toBe(false)
    expect(await prepared.push(older)).toContain('"code":200')
    expect(await canLogIn(issued.account), 'control: un-revoked by an older one').toBe(true)
    expect(await stateOf(prepared, issued.handle)).toBe('usable')
    const session = await openSession(issued.account)
    // Another credential ends; with it all that have ended are said again.
    await revoke(prepared, [(await prepared.issue()).handle])
    expect(await canLogIn(issued.account)).toBe(false)
    expect(await session.isAlive()).toBe(false)
    expect(await stateOf(prepared, issued.handle)).toBe('absent')
  })

  test('what others have put into the account stays: claims, numbers of 64 bits, their revocations', async () => {
    await using prepared = await fresh()
    const foreign = makeNkey('user').key.publicKey
    // As text: a number of JavaScript would round it.
    const big = '9007199254740993'
    const marked = await prepared.resign((claims) => ({
      ...claims,
      iat: claims.iat + 1,
      tags: ['blue'],
      nats: {
        ...claims.nats,
        limits: { ...noLimits, data: (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(big) },
        description: 'of people',
        revocations: { [foreign]: 4_000_000_000, '*': 1_000 },
      },
    }))
    expect(await prepared.push(marked)).toContain('"code":200')
    const issued = await prepared.issue()
    await revoke(prepared, [issued.handle])
    expect(await canLogIn(issued.account)).toBe(false)
    const stored = await prepared.stored()
    const text = Buffer.from(stored.split('.')[1] ?? '', 'base64url').toString()
    expect(text).toContain(`"data":${big}`)
    expect(readClaims(stored, 'operator')).toMatchObject({
      tags: ['blue'],
      nats: {
        description: 'of people',
        revocations: { [foreign]: 4_000_000_000, '*': 1_000, [issued.handle.targetKey]: expect.any(Number) },
      },
    })
  })

  test('what has expired long ago leaves the list, what is of others does not', async () => {
    await using prepared = await fresh()
    const foreign = makeNkey('user').key.publicKey
    await prepared.push(
      await prepared.resign((claims) => ({
        ...claims,
        iat: claims.iat + 1,
        nats: { ...claims.nats, revocations: { [foreign]: 1_000 } },
      })),
    )
    const [old, recent, live] = [await prepared.issue(), await prepared.issue(), await prepared.issue()]
    await revoke(prepared, [old.handle, recent.handle])
    prepared.ends.end([old.handle], new Date(Date.now() - 11 * 60_000))
    prepared.ends.end([recent.handle], new Date(Date.now() - 60_000))
    await revoke(prepared, [live.handle])
    const list = Object.keys((await prepared.claims()).nats['revocations'] as object)
    expect(list.toSorted()).toEqual([foreign, recent.handle.targetKey, live.handle.targetKey].toSorted())
  })
})

describe('a server of its own', () => {
  test('knows after a restart what has ended', async () => {
    const servers = await startNats(await makeTempDir('nats'))
    try {
      await using prepared = await prepareNats(servers.access)
      const [ended, bystander] = [await prepared.issue(), await prepared.issue()]
      await revoke(prepared, [ended.handle])
      await servers.stopOne(0)
      expect(await codeOf(prepared.target.observe([ended.handle], noSignal))).toBe('target_unreachable')
      await servers.startOne(0)
      expect(await canLogIn(ended.account)).toBe(false)
      expect(await canLogIn(bystander.account), 'control').toBe(true)
      await until(async () => (await stateOf(prepared, ended.handle).catch(() => undefined)) === 'absent', {
        describe: 'the target is connected anew',
      })
    } finally {
      await servers.stop()
    }
  })

  test('with another resolver than `full` is refused by the check', async () => {
    const servers = await startNats(await makeTempDir('nats'), { resolver: 'memory' })
    try {
      await using prepared = await prepareNats(servers.access, { known: false })
      const findings = await prepared.target.check({ newHandle: () => natsProvider.plan(newId()) }, noSignal)
      expect(findings.filter((finding) => finding.outcome === 'failed')).toEqual([
        expect.objectContaining({ hint: expect.stringContaining('type: full') }),
      ])
    } finally {
      await servers.stop()
    }
  })
})

const silent = {
  cut: async () => undefined,
  removed: async () => undefined,
  pending: async () => undefined,
}
