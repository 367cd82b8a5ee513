/**
 * Ends accounts: found, deleted, and asked for again. Only what the system then does not know any more is told as gone.
 *
 * "It said OK" is not seeing: some systems answer 204 and go on for minutes.
 */
import type { MayflyError } from '@mayfly/domain'
import { type AccountHandle, inLanes, type RevokeReport } from '@mayfly/provider-kit'
import { findAccounts, valuesOf } from './find-accounts.ts'
import { type Caller, unexpectedStatus } from './http-call.ts'
import type { HttpSettings } from './http-settings.ts'

export async function revokeAccounts(
  settings: HttpSettings,
  caller: Caller,
  handles: readonly AccountHandle[],
  report: RevokeReport,
  signal: AbortSignal,
): Promise<void> {
  const byName = new Map(handles.map((handle) => [handle.accountName, handle]))
  const present = await findAccounts(settings, caller, [...byName.values()], signal)
  const refusals = new Map<string, MayflyError>()
  const due = [...present].flatMap(([name, ids]) => {
    const handle = byName.get(name)
    return handle === undefined ? [] : ids.map((id) => ({ handle, id }))
  })
  await inLanes(settings.max_concurrent_calls, due, async ({ handle, id }) => {
    const answer = await caller.call(settings.delete, new Map([...valuesOf(handle), ['handle', id]]), signal)
    const { accepts, absent } = settings.delete
    if (accepts.includes(answer.status) || absent.includes(answer.status)) return
    const refusal = unexpectedStatus('remove an account', answer)
    // One that is refused must not hold up the others; a system that is away, or that knows us no more, holds up all.
    if (answer.status === 401 || refusal.code === 'target_unreachable') throw refusal
    refusals.set(handle.accountName, refusal)
  })
  const left = await findAccounts(
    settings,
    caller,
    due.map(({ handle }) => handle),
    signal,
  )
  const gone = [...byName.values()].filter(({ accountName }) => !left.has(accountName))
  if (gone.length > 0) {
    await report.cut(gone)
    await report.removed(gone)
  }
  for (const name of left.keys()) {
    const handle = byName.get(name)
    const why = refusals.get(name)?.options.publicDetail ?? 'the system took the removal and still knows the account'
    if (handle !== undefined) await report.pending(handle, why)
  }
}
