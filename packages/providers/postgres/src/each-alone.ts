import { MayflyError } from '@mayfly/domain'
import type { Blocked } from './postgres-way.ts'

/**
 * Does something for all names at once; where that fails, for each alone, so that one does not hold up the others.
 *
 * @returns those for which it fails, with why
 */
export async function eachAlone(
  names: readonly string[],
  signal: AbortSignal,
  act: (some: readonly string[]) => Promise<void>,
): Promise<readonly Blocked[]> {
  try {
    await act(names)
    return []
  } catch (error) {
    if (signal.aborted || !isRefusal(error)) throw error
    const [accountName] = names
    if (names.length === 1 && accountName !== undefined) {
      return [{ accountName, state: error.code === 'target_timeout' ? '55P03' : '42501', reason: '' }]
    }
  }
  const blocked: Blocked[] = []
  for (const name of names) blocked.push(...(await eachAlone([name], signal, act)))
  return blocked
}

/** The target said no to this; what it cannot be asked at all is not the fault of one account. */
function isRefusal(error: unknown): error is MayflyError {
  return error instanceof MayflyError && error.code !== 'target_unreachable' && error.code !== 'target_unsafe'
}
