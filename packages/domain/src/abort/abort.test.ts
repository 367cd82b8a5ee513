import { getEventListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { abortable, abortWith, withDeadline } from './index.ts'

const never = new Promise<never>(() => {})
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** While garbage is collected all the time: what is held weakly only is gone then. */
async function looksUntilAborted(signal: AbortSignal, withinMs: number): Promise<boolean> {
  // A task of its own: while code that was given the signal is on the stack, nothing of it is collected.
  const collecting = setInterval(collect, 20)
  const endMs = performance.now() + withinMs
  while (!signal.aborted && performance.now() < endMs) await pause(20)
  clearInterval(collecting)
  return signal.aborted
}

function abortLater(afterMs: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), afterMs)
  return controller.signal
}

test('a signal that is only looked at is aborted, whatever was collected meanwhile', async () => {
  const look = (limit: AbortSignal) => looksUntilAborted(limit, 5_000)
  const { signal } = new AbortController()
  expect(await withDeadline([signal], 300, look), 'by its deadline').toBe(true)
  expect(await withDeadline([signal, abortLater(300)], 60_000, look), 'by one of its sources').toBe(true)
  expect(await withDeadline([signal], 60_000, (limit) => looksUntilAborted(limit, 100)), 'control').toBe(false)
})

test('a deadline ends what takes too long, and is gone with what does not', async () => {
  const { signal } = new AbortController()
  const late = withDeadline([signal], 5, (limit) => abortable(never, limit))
  await expect(late).rejects.toMatchObject({ name: 'TimeoutError' })
  expect(await withDeadline([signal], 60_000, async () => 'done')).toBe('done')
  await expect(withDeadline([signal], 60_000, () => Promise.reject(new Error('own')))).rejects.toThrow('own')
  expect(getEventListeners(signal, 'abort'), 'nothing is left at a signal that lives on').toHaveLength(0)
})

test('a deadline that is further away than timers count does not come at once', async () => {
  expect(await withDeadline([], Number.POSITIVE_INFINITY, async (limit) => (await turn(), limit.aborted))).toBe(false)
})

test('what is aborted already begins aborted', async () => {
  const reason = new Error('before')
  const seen = await withDeadline([new AbortController().signal, AbortSignal.abort(reason)], 60_000, async (limit) => [
    limit.aborted,
    limit.reason as Error,
  ])
  expect(seen).toEqual([true, reason])
})

test('what is untied is not aborted any more', () => {
  const [source, kept, untied] = [new AbortController(), new AbortController(), new AbortController()]
  abortWith(kept, source.signal)
  abortWith(untied, source.signal)()
  source.abort()
  expect([kept.signal.aborted, untied.signal.aborted]).toEqual([true, false])
})

test('a wait for what never comes ends with its signal', async () => {
  const over = new AbortController()
  const wait = abortable(never, over.signal)
  over.abort(new Error('enough'))
  await expect(wait).rejects.toThrow('enough')
  await expect(abortable(Promise.reject(new Error('unheard')), over.signal)).rejects.toThrow('enough')
  expect(await abortable(Promise.resolve(7), new AbortController().signal), 'control').toBe(7)
})
