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

  async function set(account: string, next: Secret, signal: AbortSignal): Promise<void> {
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
