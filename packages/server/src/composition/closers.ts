import type { Logger } from '../application/context.ts'

export interface Closers {
  add(name: string, close: () => Promise<void>): void
  /** Closes in the reverse of the order of adding; each once, also where one fails. */
  close(): Promise<void>
}

/** What was opened is closed, however far the start came. */
export function makeClosers(logger: Logger): Closers {
  const open: { readonly name: string; readonly close: () => Promise<void> }[] = []
  let closing: Promise<void> | undefined

  async function closeAll(): Promise<void> {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      try {
        await next.close()
      } catch (error) {
        logger.error({ err: error, part: next.name }, 'a part of the server did not end cleanly')
      }
    }
  }

  return {
    add: (name, close) => open.push({ name, close }),
    close: () => (closing ??= closeAll()),
  }
}
