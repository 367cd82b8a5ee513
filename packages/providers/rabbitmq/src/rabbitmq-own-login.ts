/** Passwords of users that are there: Mayfly's own (law 12), and those of static secrets. Tags are kept. */
import { randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { isLoginRefused, type OwnLogin, type Rotatable, Secret } from '@mayfly/provider-kit'
import { passwordHash } from './password-hash.ts'
import type { RabbitmqApi } from './rabbitmq-api.ts'
import type { RabbitmqSecret, RabbitmqSettings } from './rabbitmq-settings.ts'
import { endSessionsOf } from './rabbitmq-users.ts'

export const rabbitmqOwnLogin: OwnLogin<RabbitmqSettings, RabbitmqSecret> = {
  keyOf: ({ settings, secret }) => `${secret.username} at ${settings.management_url.toLowerCase()}`,
  next: ({ username }) => new Secret(JSON.stringify({ username, password: randomBytes(32).toString('base64url') })),
}

/** @throws MayflyError `target_refused`: there is no such user, or RabbitMQ keeps the password and does not take it */
export async function setPassword(
  api: RabbitmqApi,
  username: string,
  next: Secret,
  signal: AbortSignal,
): Promise<void> {
  const { status, body } = await api.call('GET', ['users', username], { signal, accepts: [404] })
  if (status === 404) throw new MayflyError('target_refused', { publicDetail: 'there is no such user' })
  const { tags = [], limits = {} } = (body ?? {}) as { tags?: unknown; limits?: unknown }
  await api.call('PUT', ['users', username], {
    signal,
    body: { password_hash: passwordHash(next), hashing_algorithm: 'rabbit_password_hashing_sha256', tags, limits },
  })
  if (await api.takesPassword(username, next, signal)) return
  throw new MayflyError('target_refused', { publicDetail: 'RabbitMQ keeps the new password and does not take it' })
}

/** Of several calls at once with one `next` all succeed: whoever comes second is refused with the old one, and it is in force. */
export async function adoptLogin(api: RabbitmqApi, next: RabbitmqSecret, signal: AbortSignal): Promise<void> {
  try {
    await setPassword(api, next.username, next.password, signal)
  } catch (error) {
    if (!isLoginRefused(error) || !(await api.takesPassword(next.username, next.password, signal))) throw error
  }
}

export function rotatableOf(api: RabbitmqApi): Rotatable {
  return {
    rotate: (account, next, signal) => setPassword(api, account, next, signal),
    async endPrevious(account, current, signal) {
      if (!(await api.takesPassword(account, current, signal))) await setPassword(api, account, current, signal)
      await endSessionsOf(api, account, signal)
    },
    accepts: (account, secret, signal) => api.takesPassword(account, secret, signal),
  }
}
