/**
 * A stream of full states: the reader gets the newest, at once.
 *
 * Promise: at most one message waits for a slow reader. What became stale meanwhile is never sent, so that memory is
 * bounded whatever a reader does. A refusal reaches a reader that does not read as the end of its connection.
 */
import { asRefusal, Refusal } from './refusal.ts'

/** The part of a gRPC call that streams to its caller. */
export interface OutgoingStream<T> {
  readonly cancelled: boolean
  write(message: T, done: () => void): boolean
  emit(event: 'error', error: Error): boolean
  on(event: 'cancelled' | 'close', listener: () => void): unknown
}

export interface NewestStream {
  /** Something may have changed. */
  readonly pump: () => void
  readonly end: (refusal: Refusal) => void
}

/** How long a refusal may wait behind a message that is not read. */
const stalledMs = 300

/**
 * @param read gives the state now: the same object where nothing changed; `undefined` where there is nothing to send
 * @param onEnd told once, however it ends
 * @param cut ends the connection
 */
export function streamNewest<T extends object>(
  call: OutgoingStream<T>,
  {
    read,
    onEnd,
    cut,
  }: { readonly read: () => T | Refusal | undefined; readonly onEnd: () => void; readonly cut: () => void },
): NewestStream {
  let sent: T | undefined
  let isWriting = false
  let isOver = false

  function finish(): void {
    if (isOver) return
    isOver = true
    onEnd()
  }

  function end(refusal: Refusal): void {
    if (isOver) return
    finish()
    call.emit('error', refusal)
    if (isWriting) setTimeout(() => isWriting && cut(), stalledMs).unref()
  }

  function pump(): void {
    if (isOver || isWriting) {
      // Whoever reads nothing is told the end all the same.
      if (!isOver) endWhereRefused()
      return
    }
    const next = readNow()
    if (next instanceof Refusal) return end(next)
    if (next === undefined || next === sent) return
    sent = next
    isWriting = true
    call.write(next, () => {
      isWriting = false
      pump()
    })
  }

  function endWhereRefused(): void {
    const next = readNow()
    if (next instanceof Refusal) end(next)
  }

  function readNow(): T | Refusal | undefined {
    try {
      return read()
    } catch (error) {
      return asRefusal(error)
    }
  }

  call.on('cancelled', finish)
  call.on('close', finish)
  if (call.cancelled) finish()
  return { pump, end }
}
