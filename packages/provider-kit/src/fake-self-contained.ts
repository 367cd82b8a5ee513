/** A self-contained provider with its verifiers in memory. Honest by default; each fault is one way to be wrong. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { type CredentialId, MayflyError, newId } from '@mayfly/domain'
import { z } from 'zod'
import { changeToken } from './change-token.ts'
import type { AccountProvider, CheckFinding, IssuedAccount } from './provider.ts'
import { Secret } from './secret.ts'
import type { TokenStatement } from './self-contained.ts'
import type { SelfContainedFixture } from './self-contained-conformance.ts'

export type SelfContainedFault =
  | 'signs nothing'
  | 'is for everyone'
  | 'calls removed what is not published'
  | 'never hears of an end'
  | 'tells of an end in one of its ways'
  | 'stops at one that lives'
  | 'observe always says usable'
  | 'never expires'
  | 'takes any permission'
  | 'signs without a statement'
  | 'ignores the signal'
  | 'leaks the token in an error'
  | 'states no limit'
  | 'checks nothing and is content'

interface FakeScopes {
  readonly scopes: readonly string[]
}

interface FakeClaims {
  readonly aud: string
  readonly exp: number
  readonly jti: string
}

export function fakeSelfContainedFixture(fault?: SelfContainedFault): SelfContainedFixture<object, FakeScopes, object> {
  const key = randomBytes(32)
  const ended = new Set<CredentialId>()
  const isEnded = (id: CredentialId) => ended.has(id) && fault !== 'never hears of an end'
  const refuseAborted = (signal: AbortSignal, detail = 'aborted') => {
    if (signal.aborted && fault !== 'ignores the signal') throw new MayflyError('target_timeout', { log: detail })
  }
  const signatureOf = (text: string) =>
    fault === 'signs nothing' ? 'x'.repeat(43) : createHmac('sha256', key).update(text).digest('base64url')
  const warned: CheckFinding = { check: 'verifier', outcome: 'warned', detail: 'not seen from here' }
  const passed: CheckFinding = { check: 'settings', outcome: 'passed', detail: 'all is well' }
  let lastToken = ''

  const provider: AccountProvider<object, FakeScopes, object> = {
    kind: 'fake-token',
    title: 'Fake tokens',
    settings: z.strictObject({}),
    secret: z.strictObject({}),
    addressSettings: [],
    permission:
      fault === 'takes any permission' ? z.any() : z.strictObject({ scopes: z.array(z.string().regex(/^[a-z:]+$/)) }),
    guarantees: {
      expiryEnforcedBy: 'target',
      revokeCutsOpenSessions: false,
      bindings: ['none'],
      limits: fault === 'states no limit' ? [] : ['who asks nobody accepts it until its end'],
    },
    guide: () => '',
    plan: (credentialId) => ({ credentialId, accountName: `fake_${credentialId.replaceAll('-', '')}` }),
    selfContained: { algorithm: () => 'ES256', audience: () => ['here'], maxTtlSeconds: () => 300, scopes: () => [] },
    open: async () => ({
      async issue(handle, { expiresAt, statement }, signal) {
        refuseAborted(signal, fault === 'leaks the token in an error' ? lastToken : 'aborted')
        if (statement === undefined && fault !== 'signs without a statement') throw new MayflyError('internal', {})
        const exp = Math.floor(expiresAt.getTime() / 1_000) + (fault === 'never expires' ? 3_600 : 0)
        const claims: FakeClaims = { aud: fault === 'is for everyone' ? '*' : 'here', exp, jti: handle.credentialId }
        const text = `${encode({ alg: 'HS256' })}.${encode({ ...claims, more: randomUUID() })}`
        lastToken = `${text}.${signatureOf(text)}`
        return { fields: { token: new Secret(lastToken) }, boundTo: 'none', expiresAt }
      },
      async revoke(handles, report, signal) {
        refuseAborted(signal)
        for (const handle of handles) {
          if (isEnded(handle.credentialId) || fault === 'calls removed what is not published') {
            await report.cut([handle])
            await report.removed([handle])
            continue
          }
          await report.pending(handle, 'not published yet')
          if (fault === 'stops at one that lives') return
        }
      },
      async observe(handles, signal) {
        refuseAborted(signal)
        return handles.map((handle) => ({
          handle,
          state: isEnded(handle.credentialId) && fault !== 'observe always says usable' ? 'absent' : 'usable',
          openSessions: 0,
        }))
      },
      check: async () => (fault === 'checks nothing and is content' ? [passed] : [passed, warned]),
      close: async () => undefined,
    }),
  }

  function accepts({ fields }: IssuedAccount, audience: string): FakeClaims | undefined {
    const token = fields['token']
    const [head = '', body = '', signature = ''] = token instanceof Secret ? token.reveal().split('.') : []
    if (signature !== signatureOf(`${head}.${body}`)) return undefined
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as FakeClaims
    const isMeant = claims.aud === audience || claims.aud === '*'
    return isMeant && claims.exp * 1_000 > Date.now() ? claims : undefined
  }

  return {
    provider,
    open: () => provider.open({ settings: {}, secret: {} }),
    permission: { scopes: ['a:b'] },
    hostilePermissions: [{ scopes: ['A B'] }, { scopes: ['a'], aud: 'else' }],
    publishedWays: ['asked', 'listed'],
    async makeRow() {
      const handle = provider.plan(newId())
      const statement = { issuer: 'us', sign: async () => new Uint8Array() } as unknown as TokenStatement
      return { handle, statement, end: async () => void ended.add(handle.credentialId) }
    },
    async verify(account) {
      const claims = accepts(account, 'here')
      const lives = claims !== undefined && !isEnded(claims.jti as CredentialId)
      const isTold = fault !== 'tells of an end in one of its ways'
      return {
        offline: claims !== undefined,
        published: { asked: lives, listed: isTold ? lives : claims !== undefined },
      }
    },
    change: changeToken,
    verifyElsewhere: async (account) => accepts(account, 'elsewhere') !== undefined,
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
