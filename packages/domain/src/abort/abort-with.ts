/**
 * Aborts the controller as soon as one of the signals is aborted, with its reason.
 *
 * In place of `AbortSignal.any`, whose result holds its sources weakly: where nobody listens to it and it is only looked at,
 * a garbage collection takes sources away that nobody else holds, above all the one of `AbortSignal.timeout`, and it is
 * never aborted (seen each time in Node 24.21). Here the links are plain listeners, which the signals hold while they live.
 *
 * @returns unties them again; call it when the work is over, since a signal that lives on would keep each controller
 */
export function abortWith(controller: AbortController, ...signals: readonly AbortSignal[]): () => void {
  const undo: (() => void)[] = []
  const untie = () => {
    for (const each of undo.splice(0)) each()
  }
  for (const signal of signals) {
    const stop = () => {
      untie()
      controller.abort(signal.reason)
    }
    if (signal.aborted) {
      stop()
      break
    }
    signal.addEventListener('abort', stop, { once: true })
    undo.push(() => signal.removeEventListener('abort', stop))
  }
  return untie
}
