import { createInterface } from 'node:readline/promises'

/** Asks at the terminal, on standard error; nobody there is a no. */
export async function askPerson(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const over = new AbortController()
  // At a terminal Ctrl-C comes as a key, not as a signal; without this the question would never be answered.
  terminal.once('SIGINT', () => over.abort())
  terminal.once('close', () => over.abort())
  try {
    const answer = await terminal.question(`mayfly: ${question} [y/N] `, { signal: over.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    if (over.signal.aborted) return false
    throw error
  } finally {
    terminal.close()
  }
}
