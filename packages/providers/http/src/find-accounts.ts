/** Asks the system which accounts are there, and by which ids of its own. Never remembered. */
import { type JsonValue, MayflyError } from '@mayfly/domain'
import { type AccountHandle, inLanes } from '@mayfly/provider-kit'
import { type Answer, type Caller, unexpectedStatus } from './http-call.ts'
import type { HttpSettings } from './http-settings.ts'
import { readJsonPointer } from './json-pointer.ts'
import type { Values } from './template.ts'

const maxPages = 10_000

/** By account name: the system's own ids, one where it chooses none. Absent names are not in it. */
export type FoundAccounts = ReadonlyMap<string, readonly string[]>

export async function findAccounts(
  settings: HttpSettings,
  caller: Caller,
  handles: readonly AccountHandle[],
  signal: AbortSignal,
): Promise<FoundAccounts> {
  const found = new Map<string, string[]>()
  if (handles.length === 0) return found
  if (settings.find.list !== undefined) {
    const wanted = new Set(handles.map((handle) => handle.accountName))
    for await (const { label, handle } of listItems(settings, caller, signal)) {
      if (wanted.has(label)) found.set(label, [...(found.get(label) ?? []), handle])
    }
    return found
  }
  await inLanes(settings.max_concurrent_calls, handles, async (handle) => {
    const { find } = settings
    const answer = await caller.call(find, valuesOf(handle), signal)
    if (find.absent.includes(answer.status)) return
    if (!find.accepts.includes(answer.status)) throw unexpectedStatus('look an account up', answer)
    found.set(handle.accountName, [handleIn(settings, answer.body)])
  })
  return found
}

export interface ListedAccount {
  readonly label: string
  readonly handle: string
}

/** Page by page. @throws MayflyError `target_refused`: the list is not where the settings say */
export async function* listItems(
  settings: HttpSettings,
  caller: Caller,
  signal: AbortSignal,
): AsyncGenerator<ListedAccount> {
  const { find } = settings
  const { list } = find
  if (list === undefined) return
  let answer: Answer = await caller.call(find, new Map(), signal)
  for (let page = 1; ; page += 1) {
    if (!find.accepts.includes(answer.status)) throw unexpectedStatus('list accounts', answer)
    const items = readJsonPointer(answer.body, list.items)
    if (!Array.isArray(items)) {
      throw new MayflyError('target_refused', { publicDetail: `the answer holds no list at \`${list.items}\`` })
    }
    for (const item of items as readonly JsonValue[]) {
      const label = readJsonPointer(item, list.label)
      if (typeof label === 'string') yield { label, handle: handleIn(settings, item) }
    }
    const next = list.next === undefined ? undefined : readJsonPointer(answer.body, list.next)
    if (typeof next !== 'string' || next === '') return
    if (page === maxPages)
      throw new MayflyError('target_refused', { publicDetail: `the list has more than ${maxPages} pages` })
    answer = await caller.page(next, signal)
  }
}

function handleIn({ find }: HttpSettings, body: JsonValue | undefined): string {
  if (find.handle === undefined) return ''
  const handle = readJsonPointer(body, find.handle)
  if (typeof handle === 'string' || typeof handle === 'number') return String(handle)
  throw new MayflyError('target_refused', { publicDetail: `the answer holds no id at \`${find.handle}\`` })
}

/** What every call may name of an account. */
export function valuesOf({ accountName, credentialId }: AccountHandle): Values {
  return new Map([
    ['account_name', accountName],
    ['credential_id', credentialId],
  ])
}
