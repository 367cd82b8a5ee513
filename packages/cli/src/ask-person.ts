import { createInterface } from 'node:readline/promises'

/** Asks at the terminal, on standard error; nobody there is a no. */
export async function askPerson(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`mayfly: ${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
