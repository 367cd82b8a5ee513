/**
 * The suite that every self-contained kind passes: what is signed and kept nowhere, before verifiers that are not ours.
 *
 * There is no account, so what the account suite (`conformance.ts`) asks of accounts is either asked here of the verifiers,
 * or does not apply; `accountCasesForSelfContained` says which, case by case, and why.
 */
import { strict as assert } from 'node:assert'
import { MayflyError, newId } from '@mayfly/domain'
import { eventually, neverAborted, rejectsWithMayflyError } from './case-kit.ts'
import type { ConformanceCase } from './conformance.ts'
import { findPrinted } from './find-printed.ts'
import type { AccountHandle, AccountProvider, IssuedAccount, IssueRequest, RevokeReport, Target } from './provider.ts'
import { Secret } from './secret.ts'
import type { TokenStatement } from './self-contained.ts'

/** A row that stands before its signature, as the server makes it. */
export interface SelfContainedRow {
  readonly handle: AccountHandle
  /** For kinds with `selfContained`, and for these always. */
  readonly statement?: TokenStatement
  /** Publishes its end, as a revocation does. */
  end(): Promise<void>
}

/** What verifiers that are not ours say of what was issued. */
export interface Verdicts {
  /** Signature, issuer, for whom it is and times, and nothing that has to be asked for. */
  readonly offline: boolean
  /** Each way in which its end is published, by the names of `publishedWays`. */
  readonly published: Readonly<Record<string, boolean>>
}

/** What was issued, with one thing changed that a verifier must look at. */
export interface ChangedAccount {
  readonly what: string
  readonly account: IssuedAccount
}

export interface SelfContainedFixture<Settings, Permission, SecretFields> {
  readonly provider: AccountProvider<Settings, Permission, SecretFields>
  /** Opened with what verifiers are really told. */
  open(): Promise<Target<Permission>>
  readonly permission: Permission
  /** As people might write them into a role: the provider's schema must refuse each. */
  readonly hostilePermissions: readonly unknown[]
  /** How whoever asks learns of an end, e.g. introspection and status list of tokens, CRL and OCSP of certificates. */
  readonly publishedWays: readonly string[]
  makeRow(): Promise<SelfContainedRow>
  verify(account: IssuedAccount): Promise<Verdicts>
  /** In at least one way each: what it says, and what proves it. */
  change(account: IssuedAccount): readonly ChangedAccount[]
  /** A verifier for whom it is not meant (of another audience, of another name), else the same as `offline`. */
  verifyElsewhere(account: IssuedAccount): Promise<boolean>
}

export function selfContainedCases<Settings, Permission, SecretFields>(
  fixture: SelfContainedFixture<Settings, Permission, SecretFields>,
): readonly ConformanceCase[] {
  const { provider } = fixture
  const { guarantees } = provider

  const publishedAs = (accepts: boolean) =>
    Object.fromEntries(fixture.publishedWays.map((way) => [way, accepts] as const))
  const accepted: Verdicts = { offline: true, published: publishedAs(true) }
  const request = ({ statement }: SelfContainedRow, over: Partial<IssueRequest<Permission>> = {}) => ({
    permission: fixture.permission,
    parameters: {},
    expiresAt: inMs(120_000),
    createDeadlineAt: inMs(20_000),
    ...(statement === undefined ? {} : { statement }),
    ...over,
  })
  const withTarget = async (use: (target: Target<Permission>) => Promise<void>) => {
    const target = await fixture.open()
    try {
      await use(target)
    } finally {
      await target.close()
    }
  }
  const issue = async (target: Target<Permission>, over: Partial<IssueRequest<Permission>> = {}) => {
    const row = await fixture.makeRow()
    return { row, account: await target.issue(row.handle, request(row, over), neverAborted) }
  }
  const statesOf = async (target: Target<Permission>, rows: readonly SelfContainedRow[]) => {
    const seen = await target.observe(
      rows.map((row) => row.handle),
      neverAborted,
    )
    assert.deepEqual(
      seen.map((one) => one.handle.accountName),
      rows.map((row) => row.handle.accountName),
      'one answer for each handle, in their order',
    )
    return seen.map((one) => one.state)
  }

  return [
    {
      name: 'it says of itself that it is self-contained, and what stays possible after an end',
      async run() {
        assert.ok(
          provider.selfContained !== undefined || provider.keepsNoAccount === true,
          '`selfContained` or `keepsNoAccount` is there',
        )
        assert.ok(fixture.publishedWays.length > 0, 'there is a way to learn of an end')
        assert.ok(guarantees.limits.length > 0, 'a verifier that asks nobody accepts what has ended: a limit says so')
        assert.equal(guarantees.revokeCutsOpenSessions, false, 'nobody can end what a verifier has let in')
        assert.equal(guarantees.expiryEnforcedBy, 'target', 'whoever is shown it sees its end')
      },
    },
    {
      name: 'the name is planned from the id alone and is never the same twice',
      async run() {
        const id = newId<AccountHandle['credentialId']>()
        assert.deepEqual(provider.plan(id), provider.plan(id))
        const names = Array.from({ length: 500 }, () => provider.plan(newId()).accountName)
        for (const name of names) assert.match(name, /^[a-z0-9_]{1,63}$/)
        assert.equal(new Set(names).size, names.length)
      },
    },
    {
      name: 'verifiers accept what is issued, and neither a changed one nor one that is not for them',
      run: () =>
        withTarget(async (target) => {
          const { account } = await issue(target)
          assert.deepEqual(await fixture.verify(account), accepted)
          assert.equal(await fixture.verifyElsewhere(account), false, 'control: for whom it is is looked at')
          const changes = fixture.change(account)
          assert.ok(changes.length > 1, 'there is more than one thing to look at')
          for (const { what, account: changed } of changes) {
            assert.equal((await fixture.verify(changed)).offline, false, `control: ${what} is looked at`)
          }
        }),
    },
    {
      name: 'the end of one is not the end of another',
      run: () =>
        withTarget(async (target) => {
          const [one, other] = [await issue(target), await issue(target)]
          assert.notEqual(secretTextOf(one.account), secretTextOf(other.account))
          await one.row.end()
          assert.deepEqual(await statesOf(target, [other.row, one.row]), ['usable', 'absent'])
          assert.deepEqual(await fixture.verify(other.account), accepted)
        }),
    },
    {
      name: 'nothing is called removed before verifiers are told, and then it is cut before removed, once each',
      run: () =>
        withTarget(async (target) => {
          const { row, account } = await issue(target)
          const early = recording()
          await target.revoke([row.handle], early.report, neverAborted)
          assert.deepEqual(early.told, [`pending ${row.handle.accountName}`], 'nobody was told of an end yet')
          assert.deepEqual(await fixture.verify(account), accepted, 'control: it is accepted still')
          await row.end()
          for (const round of ['first', 'again']) {
            const late = recording()
            await target.revoke([row.handle], late.report, neverAborted)
            const { accountName } = row.handle
            assert.deepEqual(late.told, [`cut ${accountName}`, `removed ${accountName}`], round)
          }
          assert.deepEqual((await fixture.verify(account)).published, publishedAs(false))
        }),
    },
    {
      name: 'the stated limit is true: who asks nobody accepts it until its end, who asks does not',
      run: () =>
        withTarget(async (target) => {
          const { row, account } = await issue(target)
          await row.end()
          await target.revoke([row.handle], recording().report, neverAborted)
          assert.deepEqual(await fixture.verify(account), { offline: true, published: publishedAs(false) })
        }),
    },
    {
      name: 'many are ended at once, and one whose end is not published does not hold up the others',
      run: () =>
        withTarget(async (target) => {
          const all = [await issue(target), await issue(target), await issue(target)]
          const [first, lives, last] = all.map(({ row }) => row)
          assert.ok(first && lives && last)
          await first.end()
          await last.end()
          const { told, report } = recording()
          await target.revoke([first.handle, lives.handle, last.handle], report, neverAborted)
          assert.deepEqual(
            told.toSorted(),
            [
              ...[first, last].flatMap(({ handle }) => [`cut ${handle.accountName}`, `removed ${handle.accountName}`]),
              `pending ${lives.handle.accountName}`,
            ].toSorted(),
          )
          await target.revoke([], report, neverAborted)
        }),
    },
    {
      name: 'observe asks each time: usable before the end, absent after it',
      run: () =>
        withTarget(async (target) => {
          const { row } = await issue(target)
          assert.deepEqual(await statesOf(target, [row]), ['usable'])
          await row.end()
          assert.deepEqual(await statesOf(target, [row]), ['absent'])
        }),
    },
    {
      name: 'every verifier refuses it at its end, with nobody calling',
      run: () =>
        withTarget(async (target) => {
          const expiresAt = inMs(2_500)
          const { account } = await issue(target, { expiresAt })
          assert.ok(account.expiresAt <= expiresAt, 'it is not longer than was asked')
          assert.equal((await fixture.verify(account)).offline, true, 'control: it is accepted before its end')
          await eventually('it is refused', 6_000, async () => !(await fixture.verify(account)).offline)
          assert.ok(Date.now() >= expiresAt.getTime() - 1_000, 'not before its end')
        }),
    },
    {
      name: 'hostile permissions are refused before anything is signed',
      async run() {
        assert.equal(provider.permission.safeParse(fixture.permission).success, true, 'control')
        for (const hostile of fixture.hostilePermissions) {
          assert.equal(provider.permission.safeParse(hostile).success, false, JSON.stringify(hostile))
        }
      },
    },
    {
      name: 'without a statement where one is needed, or with an aborted signal, nothing is signed and nothing is told',
      run: () =>
        withTarget(async (target) => {
          const row = await fixture.makeRow()
          if (provider.selfContained !== undefined) {
            const { statement: _none, ...bare } = request(row)
            await rejectsWithMayflyError(target.issue(row.handle, bare, neverAborted))
          }
          await rejectsWithMayflyError(target.issue(row.handle, request(row), AbortSignal.abort()))
          await row.end()
          const { told, report } = recording()
          await rejectsWithMayflyError(target.revoke([row.handle], report, AbortSignal.abort()))
          await rejectsWithMayflyError(target.observe([row.handle], AbortSignal.abort()))
          assert.deepEqual(told, [])
        }),
    },
    {
      name: 'no secret is printed, by what is issued or by any error',
      run: () =>
        withTarget(async (target) => {
          const { row, account } = await issue(target)
          const secrets = [secretTextOf(account)]
          assert.deepEqual(findPrinted(account, secrets), [])
          assert.deepEqual(findPrinted(target, secrets), [])
          const error: unknown = await target
            .issue(row.handle, request(row), AbortSignal.abort())
            .catch((thrown: unknown) => thrown)
          assert.ok(error instanceof MayflyError)
          assert.deepEqual(findPrinted(error, secrets), [])
        }),
    },
    {
      name: 'the check finds no fault, and says what it cannot see',
      run: () =>
        withTarget(async (target) => {
          const probe = { permission: fixture.permission, newHandle: () => provider.plan(newId()) }
          const findings = await target.check(probe, neverAborted)
          assert.deepEqual(
            findings.filter((finding) => finding.outcome === 'failed'),
            [],
          )
          assert.ok(
            findings.some((finding) => finding.outcome === 'warned'),
            'what a verifier checks is not seen from here',
          )
        }),
    },
  ]
}

const nothingKept = 'nothing is kept that could be listed'
const sessionsElsewhere = '`revokeCutsOpenSessions` is false: what a verifier has let in is the verifier’s'
const nothingRotates = 'what is signed has no secret that could change: another one is issued'

/**
 * What becomes of each case of the account suite: asked `as` a case of this one, or `not`, and why. A new case there has
 * no line here at first: `self-contained-conformance.test.ts` says so.
 */
export const accountCasesForSelfContained: Readonly<
  Record<string, { readonly as: string } | { readonly not: string }>
> = {
  'the account name is planned from the id alone, fits every target and is never the same twice': {
    as: 'the name is planned from the id alone and is never the same twice',
  },
  'an issued credential logs in, a wrong secret does not': {
    as: 'verifiers accept what is issued, and neither a changed one nor one that is not for them',
  },
  'every credential has an account of its own': { as: 'the end of one is not the end of another' },
  'a second issue for the same handle is refused and changes nothing': {
    not: 'a signature leaves nothing by which a second could be known; there is one row, and the server signs for it once',
  },
  'after revoke the login is refused and the account is absent': {
    as: 'nothing is called removed before verifiers are told, and then it is cut before removed, once each',
  },
  'revoke leaves other credentials and their sessions alone': { as: 'the end of one is not the end of another' },
  'revoking twice, and revoking what never was, succeeds': {
    as: 'nothing is called removed before verifiers are told, and then it is cut before removed, once each',
  },
  'many are revoked at once, an absent one among them': {
    as: 'many are ended at once, and one whose end is not published does not hold up the others',
  },
  'cut is reported before removed, each when it is true, once for each handle': {
    as: 'nothing is called removed before verifiers are told, and then it is cut before removed, once each',
  },
  'observe tells the truth before, during and after': {
    as: 'observe asks each time: usable before the end, absent after it',
  },
  'hostile names and parameters are refused and make nothing': {
    as: 'hostile permissions are refused before anything is signed',
  },
  'no secret is printed, by what is issued or by any error': {
    as: 'no secret is printed, by what is issued or by any error',
  },
  'a create whose deadline has passed makes nothing': {
    not: 'there is no target where a create could take effect after its creator died; the row is active before the signature',
  },
  'a call with an aborted signal is refused and makes nothing': {
    as: 'without a statement where one is needed, or with an aborted signal, nothing is signed and nothing is told',
  },
  'the check passes with rights that suffice, and leaves nothing behind': {
    as: 'the check finds no fault, and says what it cannot see',
  },
  'a closed target answers no more, and closes twice': { not: 'nothing is held open, so there is nothing to close' },
  'the target ends a credential at its end, with nobody calling': {
    as: 'every verifier refuses it at its end, with nobody calling',
  },
  'revoke ends open sessions before it reports the cut': {
    not: sessionsElsewhere,
  },
  'a create that waits inside the target is given up there at its deadline': { not: 'there is no target to wait in' },
  'an abort ends a call that waits, at once': { not: 'there is no target to wait in' },
  'renew, where offered, moves the end of a live credential and of no other': {
    not: 'what is signed cannot be moved: another one is issued',
  },
  'listAccounts, where offered, shows what is there and no more': { not: nothingKept },
  'credentialOf, where offered, reads back each name that `plan` makes and no other': { not: nothingKept },
  'listAccounts, where offered, gives each account once, of Mayfly alone, and stops when it is told to': {
    not: nothingKept,
  },
  'listSessions, where offered, shows each open session with its account, and none that has ended': {
    not: sessionsElsewhere,
  },
  'cutSessions, where offered, ends those sessions and no others; one that is gone is no error': {
    not: sessionsElsewhere,
  },
  'rotate, where offered, brings the new secret in force, and endPrevious ends the old one and its sessions': {
    not: nothingRotates,
  },
  'accepts, where offered, tells the secret in force from any other': { not: nothingRotates },
  'rotating what is not there, and an aborted rotation, change nothing and print no secret': { not: nothingRotates },
  'an adopted login has a new secret, which works; the old one is refused': {
    not: 'Mayfly has no login there: the issuer’s own keys sign',
  },
}

function recording(): { readonly told: string[]; readonly report: RevokeReport } {
  const told: string[] = []
  const tell = (what: string) => async (handles: readonly AccountHandle[]) => {
    told.push(...handles.map((handle) => `${what} ${handle.accountName}`))
  }
  return {
    told,
    report: {
      cut: tell('cut'),
      removed: tell('removed'),
      async pending(handle, reason) {
        assert.ok(reason.length > 0, 'it says why')
        told.push(`pending ${handle.accountName}`)
      },
    },
  }
}

function secretTextOf({ fields }: IssuedAccount): string {
  const [secret, another] = Object.values(fields).filter((field) => field instanceof Secret)
  assert.ok(secret !== undefined && another === undefined, 'what is issued holds one Secret')
  return secret.reveal()
}

function inMs(ms: number): Date {
  return new Date(Date.now() + ms)
}
