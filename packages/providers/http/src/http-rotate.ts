/** Static secrets: sets the secret of an account that Mayfly did not make, and tries one. */
import { MayflyError } from '@mayfly/domain'
import type { Rotatable, Secret } from '@mayfly/provider-kit'
import { type Caller, unexpectedStatus } from './http-call.ts'
import type { HttpSettings } from './http-settings.ts'

export function rotatableOf(settings: HttpSettings, caller: Caller): Rotatable | undefined {
  const { rotate } = settings
  if (rotate === undefined) return undefined

  async function accepts(account: string, secret: Secret, signal: AbortSignal): Promise<boolean> {
    const { auth, ...of } = rotate?.try ?? never()
    const shown =
      auth === 'bearer'
        ? `Bearer ${secret.reveal()}`
        : `Basic ${Buffer.from(`${account}:${secret.reveal()}`).toString('base64')}`
    const answer = await caller.callAs(of, shown, signal)
    if (of.accepts.includes(answer.status)) return true
    if (of.refuses.includes(answer.status)) return false
    throw unexpectedStatus('try a secret', answer)
  }

  /** Some systems make the account that a secret is set for: one that somebody has taken away would be back. */
  async function requirePresent(account: string, signal: AbortSignal): Promise<void> {
    const find = rotate?.find
    if (find === undefined) return
    const answer = await caller.call(find, new Map([['account', account]]), signal)
    if (find.absent.includes(answer.status)) {
      throw new MayflyError('target_refused', { publicDetail: `the system has no account \`${account}\`` })
    }
    if (!find.accepts.includes(answer.status)) throw unexpectedStatus('look an account up', answer)
  }

  async function set(account: string, next: Secret, signal: AbortSignal): Promise<void> {
    await requirePresent(account, signal)
    const values = new Map<string, string | Secret>([
      ['account', account],
      ['next', next],
    ])
    const answer = await caller.call(rotate?.set ?? never(), values, signal)
    if (!rotate?.set.accepts.includes(answer.status)) throw unexpectedStatus('set a secret', answer)
    if (await accepts(account, next, signal)) return
    throw new MayflyError('target_refused', { publicDetail: 'the system took the new secret and does not accept it' })
  }

  return {
    rotate: set,
    // What was in force before ended when the next one was set; setting it again is how a lost answer is made good.
    async endPrevious(account, current, signal) {
      if (!(await accepts(account, current, signal))) await set(account, current, signal)
    },
    accepts,
  }
}

function never(): never {
  throw new MayflyError('internal', { log: 'http: rotate without a template' })
}
