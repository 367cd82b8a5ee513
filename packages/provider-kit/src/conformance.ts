/**
 * The suite that every account provider passes on a real server: what the interfaces promise, tried.
 *
 * Neutral to test frameworks: `conformanceCases(fixture)` gives named functions that throw. Each claim has its control,
 * so that a server that lets everyone in, or a provider that does nothing, fails (`conformance.test.ts` proves that of
 * the suite itself). Not here: traps of one kind of target; they are tests of that provider.
 */
import { strict as assert } from 'node:assert'
import { MayflyError, newId } from '@mayfly/domain'
import { type CaseKit, eventually, neverAborted, rejectsWithMayflyError } from './case-kit.ts'
import { enumerationCases } from './enumeration-cases.ts'
import { findPrinted, printsOf } from './find-printed.ts'
import { isLoginRefused } from './login-refused.ts'
import type {
  Abilities,
  AccountHandle,
  AccountProvider,
  IssuedAccount,
  IssueRequest,
  RevokeReport,
  Target,
  TargetKey,
} from './provider.ts'
import { rotationCases, type StaticAccount } from './rotation-cases.ts'
import { Secret } from './secret.ts'
import { sessionCases } from './session-cases.ts'

export type OpenTarget<Permission, SecretFields = unknown> = Target<Permission> & Partial<Abilities<SecretFields>>

export interface ConformanceSession {
  /** Uses the session; false where the target has ended it. */
  isAlive(): Promise<boolean>
  close(): Promise<void>
}

/**
 * What the suite needs to try a provider at a real server. All of it goes around the provider. But for `provider`,
 * nothing of it is read before a case runs, so it may consist of getters on a server that is not up yet.
 */
export interface ConformanceFixture<Settings, Permission, SecretFields> {
  readonly provider: AccountProvider<Settings, Permission, SecretFields>
  /** Opens the same target anew, with rights that suffice. */
  open(): Promise<OpenTarget<Permission>>
  readonly permission: Permission
  /** Permissions that must be refused (or do no harm): names that try to end a quote, and the like. */
  readonly hostilePermissions: readonly Permission[]
  /** Tries the login itself. Throws where the target cannot be reached: that is not a refusal. */
  canLogIn(account: IssuedAccount): Promise<boolean>
  openSession(account: IssuedAccount): Promise<ConformanceSession>
  /** What the suite's own secrets are, e.g. the admin password: must not be printed either. */
  readonly adminSecrets: readonly string[]
  /**
   * A target with a login of its own, whose secret the suite may change; where the provider has `ownLogin`. `open` opens
   * it with any secret.
   */
  readonly ownLogin?: () => Promise<{
    /** For kinds whose next login depends on them. */
    readonly settings?: Settings
    readonly secret: SecretFields
    open(secret: SecretFields): Promise<OpenTarget<Permission, SecretFields>>
    drop(): Promise<void>
  }>
  /** Makes creates wait inside the target until `release` is called; where the target can be made to. */
  readonly holdCreates?: () => Promise<{ release(): Promise<void> }>
  /** An account that Mayfly did not make, of which the provider may change the secret; where it has `rotation`. */
  readonly staticAccount?: () => Promise<StaticAccount>
}

export interface ConformanceCase {
  readonly name: string
  run(): Promise<void>
}

export function conformanceCases<Settings, Permission, SecretFields>(
  fixture: ConformanceFixture<Settings, Permission, SecretFields>,
): readonly ConformanceCase[] {
  const { provider } = fixture
  const { guarantees } = provider

  const request = (over: Partial<IssueRequest<Permission>> = {}): IssueRequest<Permission> => ({
    permission: fixture.permission,
    parameters: {},
    expiresAt: inMs(300_000),
    createDeadlineAt: inMs(20_000),
    ...over,
  })
  const keys = new Map<AccountHandle['credentialId'], TargetKey>()
  const newHandle = (): AccountHandle => {
    const handle = provider.plan(newId())
    const key = provider.prepareKey?.({})
    if (key === undefined) return handle
    keys.set(handle.credentialId, key)
    return { ...handle, targetKey: key.targetKey }
  }
  const keyOf = ({ credentialId }: AccountHandle) => {
    const key = keys.get(credentialId)
    return key === undefined ? {} : { key }
  }
  /** What is true of an account that was never made. */
  const unmade = provider.keepsNoAccount === true ? 'usable' : 'absent'

  /** Opens a target, and leaves nothing behind however the case ends. */
  const withTarget = async (use: (target: OpenTarget<Permission>, plan: () => AccountHandle) => Promise<void>) => {
    const planned: AccountHandle[] = []
    const target = await fixture.open()
    try {
      await use(target, () => {
        const handle = newHandle()
        planned.push(handle)
        return handle
      })
    } finally {
      await target.revoke(planned, silent, neverAborted)
      await target.close()
    }
  }
  const issue = (target: OpenTarget<Permission>, handle: AccountHandle, over: Partial<IssueRequest<Permission>> = {}) =>
    target.issue(handle, request({ ...keyOf(handle), ...over }), neverAborted)
  const stateOf = async (target: OpenTarget<Permission>, handle: AccountHandle) => {
    const [seen] = await target.observe([handle], neverAborted)
    assert.ok(seen, 'observe answers for each handle')
    return seen
  }

  const cases: ConformanceCase[] = [
    {
      name: 'the account name is planned from the id alone, fits every target and is never the same twice',
      async run() {
        const id = newId<AccountHandle['credentialId']>()
        assert.deepEqual(provider.plan(id), provider.plan(id))
        assert.equal(provider.plan(id).credentialId, id)
        const names = Array.from({ length: 500 }, () => newHandle().accountName)
        for (const name of names) assert.match(name, /^[a-z0-9_]{1,63}$/)
        assert.equal(new Set(names).size, names.length)
      },
    },
    {
      name: 'an issued credential logs in, a wrong secret does not',
      run: () =>
        withTarget(async (target, plan) => {
          const issued = await issue(target, plan())
          assert.equal(await fixture.canLogIn(issued), true, 'the issued credential logs in')
          assert.equal(await fixture.canLogIn(withWrongSecrets(issued)), false, 'control: the target checks secrets')
        }),
    },
    {
      name: 'every credential has an account of its own',
      run: () =>
        withTarget(async (target, plan) => {
          const [first, second] = await Promise.all([issue(target, plan()), issue(target, plan())])
          const swapped = { ...first, fields: { ...first.fields, ...secretsOf(second) } }
          assert.equal(await fixture.canLogIn(first), true)
          assert.equal(await fixture.canLogIn(second), true)
          assert.equal(await fixture.canLogIn(swapped), false, 'the secret of one does not open the other')
        }),
    },
    {
      name: 'a second issue for the same handle is refused and changes nothing',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          const first = await issue(target, handle)
          if (provider.keepsNoAccount !== true) {
            await rejectsWithMayflyError(issue(target, handle))
            assert.equal(await fixture.canLogIn(first), true, 'the first one still logs in')
            return
          }
          // Nobody remembers what was signed: what counts is that one end is the end of all of it.
          const second = await issue(target, handle).catch(() => first)
          assert.equal(await fixture.canLogIn(first), true, 'the first one still logs in')
          await target.revoke([handle], silent, neverAborted)
          assert.equal(await fixture.canLogIn(first), false)
          assert.equal(await fixture.canLogIn(second), false, 'what was signed twice ends with the first')
        }),
    },
    {
      name: 'after revoke the login is refused and the account is absent',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          const issued = await issue(target, handle)
          assert.equal(await fixture.canLogIn(issued), true, 'control: it logs in before')
          await target.revoke([handle], silent, neverAborted)
          assert.equal(await fixture.canLogIn(issued), false)
          assert.equal((await stateOf(target, handle)).state, 'absent')
        }),
    },
    {
      name: 'revoke leaves other credentials and their sessions alone',
      run: () =>
        withTarget(async (target, plan) => {
          const ended = plan()
          await issue(target, ended)
          const bystander = await issue(target, plan())
          const session = await fixture.openSession(bystander)
          try {
            await target.revoke([ended], silent, neverAborted)
            assert.equal(await session.isAlive(), true, 'the session of another credential goes on')
            assert.equal(await fixture.canLogIn(bystander), true, 'another credential still logs in')
          } finally {
            await session.close()
          }
        }),
    },
    {
      name: 'revoking twice, and revoking what never was, succeeds',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          await issue(target, handle)
          const absent = plan()
          for (const handles of [[handle], [handle], [absent], []]) {
            const report = recordingReport()
            await target.revoke(handles, report, neverAborted)
            assert.deepEqual(report.removedNames(), names(handles), 'an absent account is removed')
          }
        }),
    },
    {
      name: 'many are revoked at once, an absent one among them',
      run: () =>
        withTarget(async (target, plan) => {
          const handles = Array.from({ length: 7 }, plan)
          const issued = await Promise.all(handles.filter((_, at) => at !== 3).map((handle) => issue(target, handle)))
          const report = recordingReport()
          await target.revoke(handles, report, neverAborted)
          assert.deepEqual(report.removedNames(), names(handles))
          assert.deepEqual(report.cutNames(), names(handles))
          for (const account of issued) assert.equal(await fixture.canLogIn(account), false)
          const seen = await target.observe(handles, neverAborted)
          assert.deepEqual(
            seen.map((one) => one.state),
            handles.map(() => 'absent'),
          )
        }),
    },
    {
      name: 'cut is reported before removed, each when it is true, once for each handle',
      run: () =>
        withTarget(async (target, plan) => {
          const handles = [plan(), plan()]
          const issued = await Promise.all(handles.map((handle) => issue(target, handle)))
          const told: string[] = []
          await target.revoke(
            handles,
            {
              async cut(some) {
                for (const { accountName } of some) {
                  told.push(`cut ${accountName}`)
                  const account = issued[handles.findIndex((handle) => handle.accountName === accountName)]
                  assert.ok(account, 'only the handles asked for are reported')
                  assert.equal(await fixture.canLogIn(account), false, 'no new login when cut is reported')
                }
              },
              async removed(some) {
                for (const handle of some) {
                  told.push(`removed ${handle.accountName}`)
                  assert.equal((await stateOf(target, handle)).state, 'absent', 'absent when removed is reported')
                }
              },
              async pending(handle, reason) {
                assert.fail(`pending ${handle.accountName}: ${reason}`)
              },
            },
            neverAborted,
          )
          for (const { accountName } of handles) {
            assert.deepEqual(
              told.filter((line) => line.endsWith(accountName)),
              [`cut ${accountName}`, `removed ${accountName}`],
            )
          }
        }),
    },
    {
      name: 'observe tells the truth before, during and after',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          const other = plan()
          assert.equal((await stateOf(target, handle)).state, unmade, 'nothing before')
          const issued = await issue(target, handle)
          const session = await fixture.openSession(issued)
          try {
            const seen = await target.observe([other, handle], neverAborted)
            assert.deepEqual(
              seen.map((one) => one.handle.accountName),
              names([other, handle], false),
              'in the order asked',
            )
            assert.deepEqual(
              seen.map((one) => one.state),
              [unmade, 'usable'],
            )
            if (guarantees.revokeCutsOpenSessions)
              assert.deepEqual(
                seen.map((one) => one.openSessions),
                [0, 1],
              )
          } finally {
            await session.close()
          }
          await target.revoke([handle], silent, neverAborted)
          assert.equal((await stateOf(target, handle)).state, 'absent', 'absent after')
        }),
    },
    {
      name: 'hostile names and parameters are refused and make nothing',
      run: () =>
        withTarget(async (target, plan) => {
          const bystander = await issue(target, plan())
          const tries: Partial<IssueRequest<Permission>>[] = [
            ...fixture.hostilePermissions.map((hostile) => ({ permission: hostile })),
            ...hostileTexts.map((text) => ({ parameters: { [text]: text } })),
          ]
          for (const over of tries) {
            const handle = plan()
            await rejectsWithMayflyError(issue(target, handle, over))
            assert.equal((await stateOf(target, handle)).state, unmade, 'nothing was made')
          }
          assert.equal(await fixture.canLogIn(bystander), true, 'nothing else was harmed')
        }),
    },
    {
      name: 'no secret is printed, by what is issued or by any error',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          const issued = await issue(target, handle)
          const secrets = [
            ...Object.values(secretsOf(issued)).map((secret) => secret.reveal()),
            ...fixture.adminSecrets,
          ]
          assert.ok(secrets.length > fixture.adminSecrets.length, 'what is issued holds a Secret')
          assert.deepEqual(findPrinted(issued, secrets), [], 'what is issued prints no secret')
          assert.deepEqual(findPrinted(target, secrets), [], 'an open target prints no secret')
          const report = recordingReport()
          const errors = [
            // Where nobody remembers what was signed, a second issue is no failure.
            ...(provider.keepsNoAccount === true ? [] : [await issue(target, handle).catch((error: unknown) => error)]),
            ...(await Promise.all(
              fixture.hostilePermissions.map((hostile) =>
                issue(target, plan(), { permission: hostile }).catch((error: unknown) => error),
              ),
            )),
            await target.issue(plan(), request(), AbortSignal.abort()).catch((error: unknown) => error),
          ]
          await target.revoke([handle], report, neverAborted)
          for (const error of errors) {
            assert.ok(error instanceof MayflyError, 'a failure is a MayflyError')
            assert.deepEqual(findPrinted(error, secrets), [], 'an error prints no secret')
            // What was made for the failed try is in no test's hands; its shape gives it away.
            for (const text of printsOf(error)) assert.doesNotMatch(text, /SCRAM-SHA-256\$|\$argon2|\$2[aby]\$/)
            assert.doesNotMatch(
              error.options.publicDetail ?? '',
              /\bselect\b|\bcreate\b.*\brole\b|[0-9]{1,3}(\.[0-9]{1,3}){3}/i,
            )
          }
        }),
    },
    {
      name: 'a create whose deadline has passed makes nothing',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          await rejectsWithMayflyError(issue(target, handle, { createDeadlineAt: inMs(-1_000) }))
          assert.equal((await stateOf(target, handle)).state, unmade)
        }),
    },
    {
      name: 'a call with an aborted signal is refused and makes nothing',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          await rejectsWithMayflyError(target.issue(handle, request(keyOf(handle)), AbortSignal.abort()))
          await rejectsWithMayflyError(target.observe([handle], AbortSignal.abort()))
          await rejectsWithMayflyError(target.revoke([handle], silent, AbortSignal.abort()))
          assert.equal((await stateOf(target, handle)).state, unmade)
        }),
    },
    {
      name: 'the check passes with rights that suffice, and leaves nothing behind',
      run: () =>
        withTarget(async (target, plan) => {
          const probed: AccountHandle[] = []
          const findings = await target.check(
            {
              permission: fixture.permission,
              newHandle: () => {
                const handle = plan()
                probed.push(handle)
                return handle
              },
            },
            neverAborted,
          )
          assert.ok(findings.length > 0, 'the check says what it tried')
          assert.deepEqual(
            findings.filter((finding) => finding.outcome === 'failed'),
            [],
          )
          assert.ok(probed.length > 0, 'the check proves by doing')
          for (const handle of probed) assert.equal((await stateOf(target, handle)).state, unmade)
        }),
    },
    {
      name: 'a closed target answers no more, and closes twice',
      async run() {
        const target = await fixture.open()
        await target.observe([newHandle()], neverAborted)
        await target.close()
        await target.close()
        await rejectsWithMayflyError(target.observe([newHandle()], neverAborted))
      },
    },
  ]

  if (guarantees.expiryEnforcedBy === 'target') {
    cases.push({
      name: 'the target ends a credential at its end, with nobody calling',
      run: () =>
        withTarget(async (target, plan) => {
          const expiresAt = inMs(2_500)
          const handle = { ...plan(), expiresAt }
          const issued = await issue(target, handle, { expiresAt })
          assert.equal(await fixture.canLogIn(issued), true, 'control: it logs in before its end')
          await eventually('the login is refused', 5_000, async () => !(await fixture.canLogIn(issued)))
          assert.ok(Date.now() >= expiresAt.getTime() - 1_000, 'not refused before its end')
          assert.notEqual((await stateOf(target, handle)).state, 'usable')
        }),
    })
  }

  if (guarantees.revokeCutsOpenSessions) {
    cases.push({
      name: 'revoke ends open sessions before it reports the cut',
      run: () =>
        withTarget(async (target, plan) => {
          const handle = plan()
          const issued = await issue(target, handle)
          const sessions = await Promise.all([fixture.openSession(issued), fixture.openSession(issued)])
          try {
            for (const session of sessions) assert.equal(await session.isAlive(), true, 'control: alive before')
            const aliveAtCut: boolean[] = []
            await target.revoke(
              [handle],
              {
                ...silent,
                async cut() {
                  for (const session of sessions) aliveAtCut.push(await session.isAlive())
                },
              },
              neverAborted,
            )
            assert.deepEqual(aliveAtCut, [false, false])
          } finally {
            await Promise.all(sessions.map((session) => session.close()))
          }
        }),
    })
  }

  const { holdCreates } = fixture
  if (holdCreates) {
    cases.push(
      {
        name: 'a create that waits inside the target is given up there at its deadline',
        run: () =>
          withTarget(async (target, plan) => {
            const handle = plan()
            const hold = await holdCreates()
            const deadlineAt = inMs(1_500)
            try {
              await rejectsWithMayflyError(issue(target, handle, { createDeadlineAt: deadlineAt }))
            } finally {
              await hold.release()
            }
            await eventually('the deadline has passed', 3_000, async () => Date.now() > deadlineAt.getTime())
            assert.equal(
              (await stateOf(target, handle)).state,
              'absent',
              'released after its deadline, it makes nothing',
            )
            assert.equal(await fixture.canLogIn(await issue(target, plan())), true, 'control: another create works')
          }),
      },
      {
        name: 'an abort ends a call that waits, at once',
        run: () =>
          withTarget(async (target, plan) => {
            const hold = await holdCreates()
            try {
              const startedAt = performance.now()
              await rejectsWithMayflyError(
                target.issue(plan(), request({ createDeadlineAt: inMs(4_000) }), AbortSignal.timeout(200)),
              )
              assert.ok(performance.now() - startedAt < 2_000, 'it does not wait for the target')
            } finally {
              await hold.release()
            }
            assert.equal(await fixture.canLogIn(await issue(target, plan())), true, 'the target can still be used')
          }),
      },
    )
  }

  cases.push(
    {
      name: 'renew, where offered, moves the end of a live credential and of no other',
      run: () =>
        withTarget(async (target, plan) => {
          const { renew } = target
          if (!renew) return
          const handle = plan()
          const issued = await issue(target, handle, { expiresAt: inMs(2_500) })
          await renew.call(target, handle, inMs(300_000), neverAborted)
          await eventually('the first end has passed', 4_000, async () => Date.now() > issued.expiresAt.getTime() + 300)
          assert.equal(await fixture.canLogIn(issued), true, 'it logs in after its first end')
          await target.revoke([handle], silent, neverAborted)
          for (const ended of [handle, plan()]) {
            await assert.rejects(
              renew.call(target, ended, inMs(300_000), neverAborted),
              (error) => error instanceof MayflyError && error.code === 'credential_not_renewable',
            )
          }
          assert.equal(await fixture.canLogIn(issued), false, 'a renewal brings nothing back')
        }),
    },
    {
      name: 'listAccounts, where offered, shows what is there and no more',
      run: () =>
        withTarget(async (target, plan) => {
          const { listAccounts } = target
          if (!listAccounts) return
          const list = async () => {
            const found = new Set<string>()
            for await (const name of listAccounts.call(target, neverAborted)) found.add(name)
            return found
          }
          const handle = plan()
          await issue(target, handle)
          assert.equal((await list()).has(handle.accountName), true)
          await target.revoke([handle], silent, neverAborted)
          assert.equal((await list()).has(handle.accountName), false)
        }),
    },
  )

  const kit: CaseKit<Settings, Permission, SecretFields> = { fixture, withTarget, issue }
  cases.push(...enumerationCases(kit), ...sessionCases(kit), ...rotationCases(kit))

  const { ownLogin } = provider
  const { ownLogin: makeOwnLogin } = fixture
  if (ownLogin && makeOwnLogin) {
    cases.push({
      name: 'an adopted login has a new secret, which works; the old one is refused',
      async run() {
        const own = await makeOwnLogin()
        try {
          const nextText = ownLogin.next(own.secret, own.settings as Settings)
          assert.notEqual(
            ownLogin.next(own.secret, own.settings as Settings).reveal(),
            nextText.reveal(),
            'never the same twice',
          )
          const next = provider.secret.parse(JSON.parse(nextText.reveal()))
          const usesIt = async (secret: SecretFields) => {
            const target = await own.open(secret)
            try {
              await target.observe([newHandle()], neverAborted)
              return true
            } catch (error) {
              if (!isLoginRefused(error)) throw error
              return false
            } finally {
              await target.close()
            }
          }
          assert.equal(await usesIt(own.secret), true, 'control: the old one works before')
          assert.equal(await usesIt(next), false, 'control: the new one does not work before')
          const target = await own.open(own.secret)
          try {
            const { adopt } = target
            assert.ok(adopt, 'a provider with `ownLogin` opens targets that adopt')
            await rejectsWithMayflyError(adopt.call(target, next, AbortSignal.abort()))
            await Promise.all([adopt.call(target, next, neverAborted), adopt.call(target, next, neverAborted)])
          } finally {
            await target.close()
          }
          assert.equal(await usesIt(next), true, 'the new one works')
          assert.equal(await usesIt(own.secret), false, 'the old one is refused')
          const again = await own.open(next)
          try {
            await again.adopt?.(next, neverAborted)
          } finally {
            await again.close()
          }
          assert.equal(await usesIt(next), true, 'adopting what is in force changes nothing')
        } finally {
          await own.drop()
        }
      },
    })
  }
  return cases
}

/** Texts that end a quote, a statement, a line or a string somewhere. For hostile permissions and parameters. */
export const hostileTexts: readonly string[] = [
  `x"; drop table t; --`,
  `x'; drop table t; --`,
  `x\\'; select 1; --`,
  '$$; select 1; $$',
  '../../etc/passwd',
  '{{x}} ${x} %s %I',
  'x\r\nQUIT\r\n',
  'x\u0000y',
  '‮x',
  '__proto__',
]

const silent: RevokeReport = {
  cut: async () => undefined,
  removed: async () => undefined,
  pending: async () => undefined,
}

function recordingReport() {
  const cut: AccountHandle[] = []
  const removed: AccountHandle[] = []
  return {
    async cut(handles: readonly AccountHandle[]) {
      cut.push(...handles)
    },
    async removed(handles: readonly AccountHandle[]) {
      removed.push(...handles)
    },
    async pending(handle: AccountHandle, reason: string) {
      assert.fail(`pending ${handle.accountName}: ${reason}`)
    },
    cutNames: () => names(cut),
    removedNames: () => names(removed),
  }
}

function names(handles: readonly AccountHandle[], sorted = true): readonly string[] {
  const list = handles.map((handle) => handle.accountName)
  return sorted ? list.toSorted() : list
}

function secretsOf(account: IssuedAccount): Record<string, Secret> {
  const secrets: Record<string, Secret> = {}
  for (const [field, value] of Object.entries(account.fields)) if (value instanceof Secret) secrets[field] = value
  return secrets
}

/** The same account with every secret changed in its last character, so that length and form stay. */
function withWrongSecrets(account: IssuedAccount): IssuedAccount {
  const wrong: Record<string, Secret> = {}
  for (const [field, secret] of Object.entries(secretsOf(account))) {
    const text = secret.reveal()
    // The last of 43 base64 characters holds spare bits; the first does not.
    wrong[field] = new Secret((text.startsWith('A') ? 'B' : 'A') + text.slice(1))
  }
  return { ...account, fields: { ...account.fields, ...wrong } }
}

function inMs(ms: number): Date {
  return new Date(Date.now() + ms)
}
