/**
 * A provider with its target in memory. Honest by default; each fault is one way in which a provider can be wrong.
 * For the tests of the conformance suite, and of what calls providers.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type CredentialId, MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import type { ConformanceFixture, OpenTarget } from './conformance.ts'
import { loginRefused } from './login-refused.ts'
import type { AccountProvider, CheckFinding, IssuedAccount } from './provider.ts'
import { Secret } from './secret.ts'

export type Fault =
  | 'accepts any secret'
  | 'revoke does nothing'
  | 'revoke keeps sessions open'
  | 'revoke ends all sessions'
  | 'revoke fails for an absent account'
  | 'revoke stops at an absent account'
  | 'reports removed before cut'
  | 'reports the cut too early'
  | 'ends nothing at its end'
  | 'observe remembers'
  | 'observe always says absent'
  | 'leaks the secret in an error'
  | 'issues a bare string'
  | 'runs hostile names'
  | 'issues the same account again'
  | 'shares one secret'
  | 'ignores the deadline'
  | 'ignores the signal'
  | 'renews the dead'
  | 'lists nothing'
  | 'check leaves its account'
  | 'adopts nothing'
  | 'keeps the old secret of its own login'
  | 'lists an account twice'
  | 'lists after an abort'
  | 'reads back any name'
  | 'lists no sessions'
  | 'lists sessions that have ended'
  | 'lists a session under two names'
  | 'cuts no session'
  | 'cuts all sessions of the account'
  | 'rotates nothing'
  | 'rotates without overlap'
  | 'keeps what was before'
  | 'keeps the sessions of what was before'
  | 'accepts any static secret'
  | 'rotates what is not there'

interface FakeAccount {
  secret: string
  expiresAt: number
  sessions: Set<FakeSession>
}

interface FakeSession {
  readonly id: string
  readonly since: Date
  alive: boolean
}

interface FakeStatic {
  readonly secrets: Set<string>
  readonly sessions: Set<FakeSession>
}

interface OwnSecret {
  readonly key?: string | undefined
}

export interface FakePermission {
  readonly group: string
}

const exactName = /^fake_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$(?!\n)/
const looseName = /([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})/

function openFakeSession(into: Set<FakeSession> | undefined) {
  const session: FakeSession = { id: randomBytes(8).toString('hex'), since: new Date(), alive: true }
  into?.add(session)
  return {
    isAlive: async () => session.alive,
    close: async () => {
      session.alive = false
    },
  }
}

export function fakeFixture(fault?: Fault): ConformanceFixture<object, FakePermission, OwnSecret> {
  const accounts = new Map<string, FakeAccount>()
  const statics = new Map<string, FakeStatic>()
  const remembered = new Set<string>()
  const adminSecret = randomBytes(18).toString('base64url')
  const sharedSecret = randomBytes(18).toString('base64url')
  let held: Promise<void> | undefined

  const ownSecrets = new Set<string | undefined>()
  const requireAccepted = (...any: readonly OwnSecret[]) => {
    if (!any.some(({ key }) => ownSecrets.has(key))) throw loginRefused({ log: 'no' })
  }
  const guard = (signal: AbortSignal, closed: boolean) => {
    if (closed || (signal.aborted && fault !== 'ignores the signal')) throw new MayflyError('target_unreachable')
  }

  async function open(own?: OwnSecret): Promise<OpenTarget<FakePermission, OwnSecret>> {
    let closed = false
    const staticOf = (account: string, signal: AbortSignal) => {
      guard(signal, closed)
      const known = statics.get(account)
      if (known) return known
      if (fault === 'rotates what is not there') return { secrets: new Set<string>(), sessions: new Set<FakeSession>() }
      throw new MayflyError('target_refused', { publicDetail: 'there is no such account' })
    }
    const target: OpenTarget<FakePermission, OwnSecret> = {
      async issue(handle, request, signal): Promise<IssuedAccount> {
        guard(signal, closed)
        const secret = fault === 'shares one secret' ? sharedSecret : randomBytes(18).toString('base64url')
        const refuse = (detail: string) =>
          new MayflyError('target_refused', {
            publicDetail: detail,
            log:
              fault === 'leaks the secret in an error'
                ? `password ${accounts.get(handle.accountName)?.secret ?? adminSecret}`
                : 'no',
          })
        const hostile = request.permission.group !== 'readers' || Object.keys(request.parameters).length > 0
        if (hostile && fault !== 'runs hostile names') throw refuse('no such group')
        if (accounts.has(handle.accountName) && fault !== 'issues the same account again') throw refuse('it is there')
        if (held) {
          const waiting = delay(
            Math.max(0, request.createDeadlineAt.getTime() - Date.now()),
            undefined,
            fault === 'ignores the signal' ? {} : { signal },
          ).then(
            () => fault !== 'ignores the deadline',
            () => true,
          )
          if (await Promise.race([held.then(() => false), waiting])) throw new MayflyError('target_timeout')
        } else if (request.createDeadlineAt.getTime() < Date.now() && fault !== 'ignores the deadline') {
          throw new MayflyError('target_timeout')
        }
        accounts.set(handle.accountName, { secret, expiresAt: request.expiresAt.getTime(), sessions: new Set() })
        return {
          fields: {
            username: handle.accountName,
            password: fault === 'issues a bare string' ? secret : new Secret(secret),
          },
          boundTo: 'none',
          expiresAt: request.expiresAt,
        }
      },
      async revoke(handles, report, signal) {
        guard(signal, closed)
        if (fault === 'reports the cut too early') await report.cut(handles)
        for (const handle of handles) {
          const account = accounts.get(handle.accountName)
          if (!account && fault === 'revoke fails for an absent account') throw new MayflyError('target_refused')
          if (!account && fault === 'revoke stops at an absent account') break
          if (fault !== 'revoke keeps sessions open' && fault !== 'revoke does nothing') {
            const ended = fault === 'revoke ends all sessions' ? [...accounts.values()] : account ? [account] : []
            for (const { sessions } of ended) for (const session of sessions) session.alive = false
          }
          if (fault !== 'revoke does nothing') accounts.delete(handle.accountName)
        }
        if (fault === 'reports removed before cut') await report.removed(handles)
        if (fault !== 'reports the cut too early') await report.cut(handles)
        if (fault !== 'reports removed before cut') await report.removed(handles)
      },
      async adopt(next, signal) {
        guard(signal, closed)
        if (own) requireAccepted(own, next)
        if (fault === 'adopts nothing') return
        if (fault !== 'keeps the old secret of its own login') ownSecrets.clear()
        ownSecrets.add(next.key)
      },
      async observe(handles, signal) {
        guard(signal, closed)
        if (own) requireAccepted(own)
        return handles.map((handle) => {
          const account = accounts.get(handle.accountName)
          if (account) remembered.add(handle.accountName)
          const there =
            (account !== undefined || (fault === 'observe remembers' && remembered.has(handle.accountName))) &&
            fault !== 'observe always says absent'
          const usable = account === undefined || account.expiresAt > Date.now()
          return {
            handle,
            state: there ? (usable ? 'usable' : 'disabled') : 'absent',
            openSessions: [...(account?.sessions ?? [])].filter((session) => session.alive).length,
          }
        })
      },
      async check(probe, signal): Promise<readonly CheckFinding[]> {
        const handle = probe.newHandle()
        const end = new Date(Date.now() + 10_000)
        await target.issue(
          handle,
          {
            permission: probe.permission ?? { group: 'readers' },
            parameters: {},
            expiresAt: end,
            createDeadlineAt: end,
          },
          signal,
        )
        if (fault !== 'check leaves its account') accounts.delete(handle.accountName)
        return [{ check: 'issue', outcome: 'passed', detail: 'an account was made and removed' }]
      },
      async renew(handle, expiresAt) {
        const account = accounts.get(handle.accountName)
        if (account) account.expiresAt = expiresAt.getTime()
        else if (fault !== 'renews the dead') throw new MayflyError('credential_not_renewable')
      },
      async *listAccounts(signal) {
        if (fault !== 'lists after an abort') guard(signal, closed)
        if (fault !== 'lists nothing') yield* accounts.keys()
        if (fault === 'lists an account twice') yield* [...accounts.keys()].slice(0, 1)
      },
      revokeBatchSize: 3,
      async listSessions(signal) {
        guard(signal, closed)
        if (fault === 'lists no sessions') return []
        return [...accounts].flatMap(([accountName, { sessions }]) =>
          [...sessions]
            .filter((session) => session.alive || fault === 'lists sessions that have ended')
            .map(({ id, since }) => ({
              sessionId: fault === 'lists a session under two names' ? randomBytes(4).toString('hex') : id,
              accountName,
              sourceAddress: '127.0.0.1',
              since,
            })),
        )
      },
      async cutSessions(wanted, signal) {
        guard(signal, closed)
        if (fault === 'cuts no session') return
        const ids = new Set(wanted.map((session) => session.sessionId))
        for (const { sessions } of accounts.values()) {
          const hit = [...sessions].filter((session) => ids.has(session.id))
          const ended = fault === 'cuts all sessions of the account' && hit.length > 0 ? [...sessions] : hit
          for (const session of ended) session.alive = false
        }
      },
      async rotate(account, next, signal) {
        const known = staticOf(account, signal)
        if (fault === 'rotates nothing') return
        if (fault === 'rotates without overlap') known.secrets.clear()
        known.secrets.add(next.reveal())
      },
      async endPrevious(account, current, signal) {
        const known = staticOf(account, signal)
        if (fault !== 'keeps what was before') known.secrets.clear()
        known.secrets.add(current.reveal())
        if (fault === 'keeps the sessions of what was before') return
        for (const session of known.sessions) session.alive = false
      },
      async accepts(account, secret, signal) {
        return staticOf(account, signal).secrets.has(secret.reveal()) || fault === 'accepts any static secret'
      },
      async close() {
        closed = true
      },
    }
    return target
  }

  const accountOf = (account: IssuedAccount) => {
    const { username, password } = account.fields
    const known = accounts.get(String(username))
    const secret = password instanceof Secret ? password.reveal() : password
    if (!known || (known.secret !== secret && fault !== 'accepts any secret')) return undefined
    return known.expiresAt > Date.now() || fault === 'ends nothing at its end' ? known : undefined
  }
  const provider: AccountProvider<object, FakePermission, OwnSecret> = {
    kind: 'fake',
    title: 'in memory',
    settings: z.strictObject({}),
    secret: z.strictObject({ key: z.string().optional() }),
    addressSettings: [],
    permission: z.strictObject({ group: z.string() }),
    guarantees: { expiryEnforcedBy: 'target', revokeCutsOpenSessions: true, bindings: ['none'], limits: [] },
    guide: () => '',
    plan: (credentialId) => ({ credentialId, accountName: `fake_${credentialId.replaceAll('-', '')}` }),
    credentialOf(accountName) {
      const found = (fault === 'reads back any name' ? looseName : exactName).exec(accountName)
      return found ? (found.slice(1).join('-') as CredentialId) : undefined
    },
    rotation: { overlap: 'same_account' },
    ownLogin: {
      keyOf: () => 'fake',
      next: () => new Secret(JSON.stringify({ key: randomBytes(18).toString('base64url') })),
    },
    open: ({ secret }) => open(secret),
  }
  return {
    provider,
    open: () => open(),
    async ownLogin() {
      const secret = { key: randomBytes(18).toString('base64url') }
      ownSecrets.add(secret.key)
      return { secret, open, drop: async () => ownSecrets.clear() }
    },
    permission: { group: 'readers' },
    hostilePermissions: [{ group: `readers"; drop` }, { group: 'admins' }],
    adminSecrets: [adminSecret],
    canLogIn: async (account) => accountOf(account) !== undefined,
    openSession: async (account) => openFakeSession(accountOf(account)?.sessions),
    async staticAccount() {
      const account = `static_${randomBytes(4).toString('hex')}`
      const secret = new Secret(randomBytes(18).toString('base64url'))
      const known: FakeStatic = { secrets: new Set([secret.reveal()]), sessions: new Set() }
      statics.set(account, known)
      return {
        account,
        secret,
        canLogIn: async (tried) => known.secrets.has(tried.reveal()),
        openSession: async () => openFakeSession(known.sessions),
        drop: async () => void statics.delete(account),
      }
    },
    async holdCreates() {
      const gate = Promise.withResolvers<void>()
      held = gate.promise
      return {
        release: async () => {
          held = undefined
          gate.resolve()
        },
      }
    },
  }
}
