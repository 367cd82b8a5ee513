/**
 * The `static` credential provider: a bridge for a static secret that cannot go away yet.
 *
 * Promise: what is read is read by one identity, under one credential, and is written down before it is told. When that
 * credential ends, whatever the cause, the version that it read ends at its system: at once where nobody else uses it, else
 * when the notice to the others is over.
 * Limits: see `guarantees.limits`.
 */
import { type CredentialId, MayflyError } from '@mayfly/domain'
import {
  accountNameOf,
  type AccountProvider,
  type Adoptable,
  type BulkRevocable,
  type CheckFinding,
  credentialOfAccountName,
  type OwnLogin,
  type PublishedEnds,
  Secret,
  type SecretVersion,
  type SecretVersions,
  type Target,
  type Upkept,
} from '@mayfly/provider-kit'
import { endReads } from './end-reads.ts'
import { keepSecret } from './keep-secret.ts'
import { ensureCurrent, hasOverlap, type StaticWay } from './rotate-secret.ts'
import { rotatingTarget, type RotatingSystem, type StaticSystem } from './static-system.ts'
import {
  type StaticPermission,
  staticPermission,
  type StaticSecret,
  staticSecret,
  type StaticSettings,
  staticSettings,
} from './static-settings.ts'

export type StaticTarget = Target<StaticPermission> & BulkRevocable & Upkept & Adoptable<StaticSecret>
export type StaticProvider = AccountProvider<StaticSettings, StaticPermission, StaticSecret>

/** @param systems kinds whose targets are `Rotatable` */
export function staticProvider(systems: readonly StaticSystem[]): StaticProvider {
  return {
    kind: 'static',
    title: 'Static secret, as a bridge',
    settings: staticSettings(systems),
    secret: staticSecret,
    addressSettings: ['system', 'settings', 'accounts'],
    permission: staticPermission,
    guarantees: {
      expiryEnforcedBy: 'mayfly',
      revokeCutsOpenSessions: true,
      bindings: ['none'],
      limits: [
        'whoever has read a version can use it until it is ended at its system: at once where nobody else uses it, else when the notice to the others (`overlap_seconds`) is over',
        'several consumers share one account: the system cannot tell them apart, and no use is seen of one of them alone',
        'an identity that reads a version anew before its credential ends keeps that version alive',
        'who used the secret before it was entered here is not known: the first version never ends without notice',
        'with one account at a system that knows one secret for it, a rotation breaks every consumer that has not read again',
        'it is a bridge: only a policy that says `@until` permits to read it',
      ],
    },
    guide: () => guideOf(systems),
    ownLogin: ownLoginAt(systems),
    plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
    credentialOf: credentialOfAccountName,

    async completeSecret(settings, entered, current) {
      const { system } = partsOf(systems, settings, entered)
      const secret = entered.current.reveal()
      const login = JSON.parse(entered.login.reveal()) as Record<string, unknown>
      const completed = await system.completeSecret?.(
        system.settings.parse(settings.settings),
        system.secret.parse(login),
        current === undefined ? undefined : system.secret.parse(JSON.parse(current.login.reveal())),
      )
      const whole: unknown = completed === undefined ? login : JSON.parse(completed.reveal())
      return new Secret(JSON.stringify({ login: whole, current: secret }))
    },

    async open({ settings, secret, published, versions }): Promise<StaticTarget> {
      if (published === undefined) throw new MayflyError('internal', { log: 'static: opened without its rows' })
      const parts = partsOf(systems, settings, secret)
      let opened: Promise<RotatingSystem> | undefined
      const system = () => {
        opened ??= parts.open()
        opened.catch(() => (opened = undefined))
        return opened
      }
      const wayOf = (): StaticWay => {
        if (versions === undefined) throw new MayflyError('internal', { log: 'static: opened without its versions' })
        return { settings, entered: secret.current, versions, system }
      }
      return {
        revokeBatchSize: 500,
        async issue({ credentialId }, request, signal) {
          if (signal.aborted || request.createDeadlineAt <= new Date()) {
            throw new MayflyError('target_timeout', { log: 'static: the caller has gone, or its deadline has passed' })
          }
          const way = wayOf()
          const current = await readCurrent(way, credentialId, published, signal)
          return {
            fields: {
              username: current.account,
              password: current.secret,
              version: current.number,
              ...placeOf(settings.settings),
            },
            boundTo: 'none',
            expiresAt: request.expiresAt,
          }
        },
        async revoke(handles, report, signal) {
          if (signal.aborted) throw new MayflyError('target_timeout', { log: 'static: aborted by the caller' })
          if (handles.length === 0) return
          await published.exclusively(() => endReads(wayOf(), handles, report, signal), signal)
        },
        async observe(handles, signal) {
          const readers = new Set((await wayOf().versions.listReaders(signal)).map((one) => one.credentialId))
          return handles.map((handle) => ({
            handle,
            state: readers.has(handle.credentialId) ? 'usable' : 'absent',
            openSessions: 0,
          }))
        },
        upkeep: (order, signal) => published.exclusively(() => keepSecret(wayOf(), order, signal), signal),
        async adopt(next, signal) {
          const { adopt } = await system()
          if (adopt === undefined)
            throw new MayflyError('internal', { log: `static: ${settings.system} adopts nothing` })
          await adopt(parts.system.secret.parse(JSON.parse(next.login.reveal())), signal)
        },
        check: (_probe, signal) => checkSecret({ settings, entered: secret.current, versions, system }, signal),
        async close() {
          const target = await opened?.catch(() => undefined)
          await target?.close()
        },
      }
    },
  }
}

/** Mayfly's login at the system (law 12), as the system's own kind tells it; the secret that is kept stays as it is. */
function ownLoginAt(systems: readonly StaticSystem[]): OwnLogin<StaticSettings, StaticSecret> {
  const ownPartsOf = (settings: StaticSettings, secret: StaticSecret) => {
    const { system, inner, login } = partsOf(systems, settings, secret)
    const { ownLogin } = system
    if (ownLogin === undefined) {
      throw new MayflyError('internal', { log: `static: ${system.kind} does not change its login` })
    }
    return { ownLogin, inner, login }
  }
  return {
    offeredUnder({ system: kind, settings }) {
      const system = systems.find((one) => one.kind === kind)
      return system?.ownLogin !== undefined && system.ownLogin.offeredUnder?.(system.settings.parse(settings)) !== false
    },
    kindOf: ({ system }) => system,
    keyOf({ settings, secret }) {
      const { ownLogin, inner, login } = ownPartsOf(settings, secret)
      return ownLogin.keyOf({ settings: inner, secret: login })
    },
    next(secret, settings) {
      const { ownLogin, inner, login } = ownPartsOf(settings, secret)
      const next = JSON.parse(ownLogin.next(login, inner).reveal()) as unknown
      return new Secret(JSON.stringify({ login: next, current: secret.current.reveal() }))
    },
  }
}

/** The first reader brings what was entered into force; a rotation that happens meanwhile leaves another version to be told. */
async function readCurrent(
  way: StaticWay,
  credentialId: CredentialId,
  published: PublishedEnds,
  signal: AbortSignal,
): Promise<SecretVersion> {
  for (let tries = 0; tries < 3; tries += 1) {
    const current = await way.versions.read(credentialId, signal)
    if (current !== undefined) return current
    await published.exclusively(() => ensureCurrent(way, signal), signal)
  }
  throw new MayflyError('target_timeout', {
    log: 'static: the secret was rotated three times while it was read',
    publicDetail: 'the secret is being rotated; ask again',
  })
}

function partsOf(systems: readonly StaticSystem[], settings: StaticSettings, secret: StaticSecret) {
  const system = systems.find(({ kind }) => kind === settings.system)
  if (system === undefined)
    throw new MayflyError('settings_invalid', { publicDetail: `\`${settings.system}\` cannot be rotated` })
  const inner = system.settings.safeParse(settings.settings)
  const login = system.secret.safeParse(JSON.parse(secret.login.reveal()))
  if (!inner.success || !login.success) {
    throw new MayflyError('settings_invalid', {
      publicDetail: `the settings or the login are not what \`${settings.system}\` needs`,
      // Only the places of the faults: a message might quote what was entered.
      hint: `see \`mayfly resource guide ${settings.system}\`: ${[
        ...(inner.error?.issues.map((issue) => `settings.${issue.path.join('.')}`) ?? []),
        ...(login.error?.issues.map((issue) => `login.${issue.path.join('.')}`) ?? []),
      ].join(', ')}`,
    })
  }
  return {
    system,
    inner: inner.data as unknown,
    login: login.data as unknown,
    open: async () => rotatingTarget(system, await system.open({ settings: inner.data, secret: login.data })),
  }
}

/** Where the system is, in the words of its own settings. */
function placeOf(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, string | number>> {
  const told = ['host', 'port', 'database', 'base_url'].flatMap((name) => {
    const value = settings[name]
    return typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : []
  })
  return Object.fromEntries(told)
}

/** Nothing is rotated by a check: it logs in with what is there, and is refused with something else. */
async function checkSecret(
  {
    settings,
    entered,
    versions,
    system,
  }: Omit<StaticWay, 'versions'> & { readonly versions: SecretVersions | undefined },
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { target, overlap } = await system()
  const inForce = (await versions?.list(signal))?.find((one) => one.state === 'current')
  const account = inForce?.account ?? settings.accounts[0] ?? ''
  const wrong = new Secret('mayfly-check-not-the-secret-0123456789')
  if (await target.accepts(account, wrong, signal)) {
    return [
      { check: 'account', outcome: 'failed', detail: `\`${account}\` logs in with any secret: the system checks none` },
    ]
  }
  const which = inForce === undefined ? 'the secret that was entered' : `version ${inForce.number}`
  const findings: CheckFinding[] = [
    (await target.accepts(account, inForce?.secret ?? entered, signal))
      ? {
          check: 'account',
          outcome: 'passed',
          detail: `\`${account}\` logs in with ${which}, and not with another`,
        }
      : {
          check: 'account',
          outcome: 'failed',
          detail: `\`${account}\` does not log in with ${which}`,
          hint:
            inForce === undefined
              ? 'enter with `current` what the account accepts today'
              : 'somebody has changed it at the system: rotate it with `mayfly resource rotate-secret`',
        },
  ]
  if (!hasOverlap(settings, overlap)) {
    findings.push({
      check: 'overlap',
      outcome: 'warned',
      detail: 'a rotation breaks every consumer that has not read again: the system knows one secret for an account',
      hint: 'make a second account with the same rights, and name both in `accounts`',
    })
  }
  return findings
}

function guideOf(systems: readonly StaticSystem[]): string {
  return `# A static secret that cannot go away yet is kept at one of these: ${systems.map(({ kind }) => kind).join(', ')}.
# Mayfly's login there needs the right to change the secrets of the accounts that you name: see the page of the system's
# kind (\`mayfly resource guide KIND\`), under rotation. Make two accounts with the same rights where the system knows only
# one secret for an account (all but redis), and name both: then no consumer breaks when the secret is rotated.
#
# Only a policy with an end permits to read it:
#
#   @id("bridge-legacy-report")
#   @until("2027-03-31")
#   permit (principal, action == Action::"credential.issue", resource == Role::"legacy-db/read");
`
}
