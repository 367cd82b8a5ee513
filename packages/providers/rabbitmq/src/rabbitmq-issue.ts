/**
 * Makes users, many with one request: RabbitMQ takes 1,000 by one import of definitions in the time of 300 by two PUTs
 * each. What is asked for while an import is under way goes into the next one.
 */
import { randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, type IssueRequest, Secret } from '@mayfly/provider-kit'
import { passwordHash } from './password-hash.ts'
import type { RabbitmqApi } from './rabbitmq-api.ts'
import { patternOf, type RabbitmqPermission } from './rabbitmq-permission.ts'
import type { RabbitmqSettings } from './rabbitmq-settings.ts'
import { findPresent } from './rabbitmq-users.ts'

/** What one import makes of one credential. */
interface Definition {
  readonly user: Readonly<Record<string, unknown>> & { readonly name: string }
  readonly permission: Readonly<Record<string, unknown>>
}

interface Waiting {
  readonly definition: Definition
  readonly deadline: Date
  readonly signal: AbortSignal
  done(): void
  failed(error: unknown): void
}

const maxBatch = 250

export interface Importer {
  /** Returns when it is in force. @throws MayflyError `target_*` */
  add(definition: Definition, deadline: Date, signal: AbortSignal): Promise<void>
}

/** @param lanes how many calls at once */
export function createImporter(api: RabbitmqApi, lanes: number): Importer {
  const waiting: Waiting[] = []
  let underWay = false

  async function run(): Promise<void> {
    underWay = true
    try {
      while (waiting.length > 0) await importBatch(api, lanes, waiting.splice(0, maxBatch))
    } finally {
      underWay = false
    }
  }

  return {
    add: (definition, deadline, signal) =>
      new Promise((done, failed) => {
        waiting.push({ definition, deadline, signal, done, failed })
        // `importBatch` tells each caller how it went and does not throw itself.
        if (!underWay) void run()
      }),
  }
}

async function importBatch(api: RabbitmqApi, lanes: number, batch: readonly Waiting[]): Promise<void> {
  // What came too late while it waited is not sent at all: RabbitMQ has no deadline for a create.
  const timely = batch.filter((one) => {
    const late = one.signal.aborted || Date.now() >= one.deadline.getTime()
    if (late) one.failed(new MayflyError('target_timeout', { log: 'rabbitmq: too late to begin a create' }))
    return !late
  })
  if (timely.length > 0) await importTimely(api, lanes, timely)
}

async function importTimely(api: RabbitmqApi, lanes: number, timely: readonly Waiting[]): Promise<void> {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(),
    Math.max(1, Math.min(...timely.map((one) => one.deadline.getTime())) - Date.now()),
  )
  const stop = () => {
    if (timely.every((one) => one.signal.aborted)) controller.abort()
  }
  for (const one of timely) one.signal.addEventListener('abort', stop, { once: true })
  let fresh = timely
  try {
    // An import overwrites: a user that is there must not get another password.
    const names = timely.map((one) => one.definition.user.name)
    const present = await findPresent(api, names, lanes, controller.signal)
    const isFresh = (name: string, at: number) => !present.has(name) && names.indexOf(name) === at
    fresh = timely.filter((one, at) => isFresh(one.definition.user.name, at))
    for (const one of timely) {
      if (fresh.includes(one)) continue
      one.failed(new MayflyError('target_refused', { publicDetail: 'there is a user of this name already' }))
    }
    if (fresh.length === 0) return
    const users = fresh.map((one) => one.definition.user)
    const permissions = fresh.map((one) => one.definition.permission)
    await api.call('POST', ['definitions'], { signal: controller.signal, body: { users, permissions } })
    for (const one of fresh) one.done()
  } catch (error) {
    // An import makes users first and permissions then: one that is refused leaves users that may do nothing.
    const refused = error instanceof MayflyError && error.code === 'target_refused'
    if (refused) await removeAgain(api, fresh)
    // One that is refused (no such virtual host) must not take the others with it.
    if (refused && fresh.length > 1) for (const one of fresh) await importBatch(api, lanes, [one])
    else for (const one of fresh) one.failed(error)
  } finally {
    clearTimeout(timer)
    for (const one of timely) one.signal.removeEventListener('abort', stop)
  }
}

/** What cannot be removed now, the revocation of the failed credential removes. */
async function removeAgain(api: RabbitmqApi, refused: readonly Waiting[]): Promise<void> {
  for (const { definition, signal } of refused) {
    await api.call('DELETE', ['users', definition.user.name], { signal, accepts: [404] }).catch((error: unknown) => {
      if (!(error instanceof MayflyError)) throw error
    })
  }
}

export async function issueUser(
  settings: RabbitmqSettings,
  importer: Importer,
  { accountName }: AccountHandle,
  { permission, parameters, expiresAt, createDeadlineAt }: IssueRequest<RabbitmqPermission>,
  signal: AbortSignal,
): Promise<IssuedAccount> {
  if (Object.keys(parameters).length > 0) {
    throw new MayflyError('target_refused', { publicDetail: 'roles of RabbitMQ have no parameters' })
  }
  if (Date.now() >= createDeadlineAt.getTime()) {
    throw new MayflyError('target_timeout', { log: 'rabbitmq: the deadline of the create has passed' })
  }
  const configure = patternOf(permission.configure)
  const password = new Secret(randomBytes(32).toString('base64url'))
  await importer.add(
    {
      user: {
        name: accountName,
        password_hash: passwordHash(password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: [],
        limits: {},
      },
      permission: {
        user: accountName,
        vhost: permission.vhost,
        configure,
        write: patternOf(permission.write),
        read: patternOf(permission.read),
      },
    },
    createDeadlineAt,
    signal,
  )
  const { host, port, amqp_tls: tls } = settings
  return {
    fields: {
      username: accountName,
      password,
      host,
      port,
      vhost: permission.vhost,
      url: new Secret(
        `${tls ? 'amqps' : 'amqp'}://${accountName}:${password.reveal()}@${host}:${port}/${encodeURIComponent(permission.vhost)}`,
      ),
    },
    boundTo: 'none',
    expiresAt,
  }
}
