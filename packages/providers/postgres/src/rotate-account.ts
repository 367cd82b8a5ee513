/**
 * Changes the password of an account that Mayfly did not make, by the functions of `sql/rotation.sql`, whatever the rights
 * for logins are.
 *
 * PostgreSQL knows one password for a role. A login that was under way when the password changed is ended: it is looked for
 * again until two looks in a row show no session.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import { isLoginRefused, type Rotatable, type Secret } from '@mayfly/provider-kit'
import { underDeadline } from './functions-way.ts'
import { openSessions, type Sessions } from './postgres-session.ts'
import { quoteLiteral } from './quote-literal.ts'
import { scramVerifier } from './scram-verifier.ts'

const changeTimeoutMs = 10_000
/** A login takes some milliseconds; one whose client stalls is ended by the target's `authentication_timeout`. */
const looksAfterMs = [0, 20, 50, 150, 400, 1_000]

export function rotatableOf(sessions: Sessions): Rotatable {
  const { settings } = sessions

  async function setPassword(account: string, next: Secret, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw aborted()
    const verifier = await scramVerifier(next, settings.scram_iterations)
    const deadlineAt = new Date(Date.now() + changeTimeoutMs)
    await sessions.run('rotate', signal, (session) =>
      underDeadline(session, deadlineAt, [
        `select mayfly.rotate_secret(${[account, verifier, deadlineAt.toISOString()].map(quoteLiteral).join(', ')})`,
      ]),
    )
  }

  return {
    rotate: setPassword,
    async endPrevious(account, current, signal) {
      await setPassword(account, current, signal)
      let quiet = 0
      for (const waitMs of looksAfterMs) {
        if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => Promise.reject(aborted()))
        const [row] = await sessions.run('end sessions', signal, (session) =>
          session.query('select mayfly.end_rotated_sessions($1) as seen', [account]),
        )
        quiet = Number(row?.['seen']) === 0 ? quiet + 1 : 0
        if (quiet === 2) return
      }
      throw new MayflyError('target_refused', {
        publicDetail: 'the account logs in again and again; its sessions are ended as it does',
      })
    },
    async accepts(account, secret, signal) {
      if (signal.aborted) throw aborted()
      const own = openSessions({ ...settings, pool_size: 1 }, { username: account, password: secret })
      try {
        await own.run('try a secret', signal, (session) => session.query('select 1'))
        return true
      } catch (error) {
        if (isLoginRefused(error)) return false
        throw error
      } finally {
        await own.close()
      }
    },
  }
}

function aborted(): MayflyError {
  return new MayflyError('target_timeout', { log: 'postgres: rotate: aborted by the caller' })
}
