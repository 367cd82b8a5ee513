/** Makes an account: what was allowed to be chosen is checked, one call is made, and what the holder needs is picked. */
import { randomInt } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type IssuedAccount, type IssueRequest, Secret } from '@mayfly/provider-kit'
import { findAccounts, valuesOf } from './find-accounts.ts'
import { type Caller, unexpectedStatus } from './http-call.ts'
import type { HttpPermission } from './http-permission.ts'
import type { HttpSettings } from './http-settings.ts'
import { readJsonPointer } from './json-pointer.ts'
import { placeholdersOf, type Values } from './template.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export async function issueAccount(
  settings: HttpSettings,
  caller: Caller,
  handle: AccountHandle,
  request: IssueRequest<HttpPermission>,
  signal: AbortSignal,
): Promise<IssuedAccount> {
  const generated = Object.fromEntries(
    Object.entries(settings.generate).map(([name, length]) => [name, new Secret(randomText(length))]),
  )
  const values = fillable(settings, handle, request, generated)
  requireTime(request.createDeadlineAt)
  if (!settings.create.refuses_duplicates && (await findAccounts(settings, caller, [handle], signal)).size > 0) {
    throw new MayflyError('target_refused', { publicDetail: 'the system has an account of this name already' })
  }
  requireTime(request.createDeadlineAt)
  const answer = await caller.call(settings.create, values, signal)
  if (!settings.create.accepts.includes(answer.status)) throw unexpectedStatus('make an account', answer)
  const picked = Object.entries(settings.create.fields).map(([name, { pointer, secret }]) => {
    const value = readJsonPointer(answer.body, pointer)
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new MayflyError('target_refused', {
        publicDetail: `the answer holds nothing to hand over at \`${pointer}\``,
      })
    }
    return [name, secret ? new Secret(String(value)) : value] as const
  })
  return {
    fields: { ...settings.tell, ...generated, ...Object.fromEntries(picked), account: handle.accountName },
    boundTo: 'none',
    expiresAt: request.expiresAt,
  }
}

function fillable(
  settings: HttpSettings,
  handle: AccountHandle,
  { permission, parameters, expiresAt, createDeadlineAt }: IssueRequest<HttpPermission>,
  generated: Readonly<Record<string, Secret>>,
): Values {
  requireAllowed(settings, permission, parameters)
  const seconds = Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1_000))
  return new Map<string, string | number | boolean | readonly string[] | Secret>([
    ...valuesOf(handle),
    ['expires_at', expiresAt.toISOString()],
    ['expires_in_seconds', seconds],
    ['create_deadline_at', createDeadlineAt.toISOString()],
    ...Object.entries(permission.values).map(([name, value]) => [`permission.${name}`, value] as const),
    ...Object.entries(parameters).map(([name, value]) => [`parameter.${name}`, value] as const),
    ...Object.entries(generated).map(([name, value]) => [`generated.${name}`, value] as const),
  ])
}

const usedBySettings = new WeakMap<HttpSettings, ReadonlySet<string>>()

/** Looked for once: a template stays as it is while its target is open. */
function usedIn(settings: HttpSettings): ReadonlySet<string> {
  const known = usedBySettings.get(settings)
  if (known !== undefined) return known
  const { path, body = null, headers } = settings.create
  const used = new Set(placeholdersOf([path, body, headers]))
  usedBySettings.set(settings, used)
  return used
}

/** Closed words: what the resource does not list cannot be sent. */
function requireAllowed(
  settings: HttpSettings,
  { values }: HttpPermission,
  parameters: Readonly<Record<string, string>>,
): void {
  const refuse = (publicDetail: string) => new MayflyError('target_refused', { publicDetail })
  for (const [name, allowed] of Object.entries(settings.choices)) {
    const chosen = values[name]
    if (chosen === undefined) throw refuse(`the role says nothing of \`${name}\``)
    for (const one of Array.isArray(chosen) ? chosen : [chosen]) {
      if (!allowed.includes(one))
        throw refuse(`the role says something of \`${name}\` that the resource does not allow`)
    }
  }
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(settings.choices, name)) throw refuse('the role names a choice that the resource does not have')
  }
  const used = usedIn(settings)
  for (const name of Object.keys(parameters)) {
    if (!used.has(`parameter.${name}`)) throw refuse('a parameter is given that the template has no place for')
  }
  for (const name of used) {
    if (name.startsWith('parameter.') && !Object.hasOwn(parameters, name.slice('parameter.'.length))) {
      throw refuse(`the template needs the parameter \`${name.slice('parameter.'.length)}\``)
    }
  }
}

/** The system cannot be told to give up: what is sent late is not sent at all. */
function requireTime(deadline: Date): void {
  if (Date.now() < deadline.getTime()) return
  throw new MayflyError('target_timeout', { log: 'http: the deadline of the create has passed' })
}

function randomText(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}
