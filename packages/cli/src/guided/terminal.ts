/** Asks a person at the terminal, on standard error, so that standard output stays data. */
import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { UsageError } from '../usage-error.ts'
import type { Question } from './questions.ts'

export interface Terminal {
  /** A line, not empty unless there is `suggested`, which an empty line takes. */
  text(question: string, suggested?: string): Promise<string>
  /** What is typed is not shown. */
  secret(question: string): Promise<string>
  choice(question: string, choices: readonly string[]): Promise<string>
  yes(question: string): Promise<boolean>
  close(): void
}

/** @returns undefined where nobody sits there */
export function openTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY) return undefined
  let shown = true
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (shown) process.stderr.write(chunk)
      done()
    },
  })
  const line: Interface = createInterface({ input: process.stdin, output, terminal: true })
  const over = new AbortController()
  // At a terminal Ctrl-C comes as a key, not as a signal; without this the question would never be answered.
  line.once('SIGINT', () => over.abort())
  line.once('close', () => over.abort())

  async function ask(question: string): Promise<string> {
    try {
      return (await line.question(`mayfly: ${question} `, { signal: over.signal })).trim()
    } catch (error) {
      if (over.signal.aborted) throw new UsageError('given up: nothing was registered')
      throw error
    }
  }

  async function text(question: string, suggested?: string): Promise<string> {
    for (;;) {
      const answer = await ask(suggested === undefined ? `${question}:` : `${question} [${suggested}]:`)
      if (answer !== '') return answer
      if (suggested !== undefined) return suggested
    }
  }

  return {
    text,
    async secret(question) {
      process.stderr.write(`mayfly: ${question} (not shown): `)
      shown = false
      try {
        return await ask('')
      } finally {
        shown = true
        process.stderr.write('\n')
      }
    },
    async choice(question, choices) {
      for (;;) {
        const answer = await text(`${question} (${choices.join(', ')})`)
        if (choices.includes(answer)) return answer
        process.stderr.write('mayfly: that is none of them\n')
      }
    },
    async yes(question) {
      return /^y(es)?$/i.test(await ask(`${question} [y/N]`))
    },
    close: () => line.close(),
  }
}

/** A question in words, and its answer as the value that the schema wants; an empty answer where it may be left out. */
export async function askQuestion(terminal: Terminal, question: Question, secret: boolean): Promise<unknown> {
  const name = question.path.join('.')
  const what = question.help === undefined ? name : `${name} (${question.help})`
  const { fallback, choices = [] } = question
  const suggested = fallback === undefined ? undefined : spoken(fallback.value)
  switch (question.kind) {
    case 'text':
      if (secret && question.path.at(-1) !== 'username') return terminal.secret(what)
      return unlessLeft(question, suggested, await terminal.text(what, suggested), (text) => text)
    case 'choice':
      return terminal.choice(what, choices)
    case 'yes_or_no':
      return terminal.yes(what)
    case 'list': {
      const of = choices.length === 0 ? what : `${what}: of ${choices.join(', ')}`
      return unlessLeft(question, suggested, await terminal.text(`${of}; separated by commas`, suggested), (text) =>
        text
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
    }
    case 'whole':
      // What is no number the schema refuses, in words.
      return unlessLeft(question, suggested, await terminal.text(`${what}, a whole number`, suggested), (text) =>
        /^\d{1,15}$/.test(text) ? Number(text) : text,
      )
    case 'json':
      return json(terminal, question, what, suggested)
  }
}

function unlessLeft<T>(
  { fallback }: Question,
  suggested: string | undefined,
  answer: string,
  read: (text: string) => T,
): unknown {
  return answer === suggested ? fallback?.value : read(answer)
}

/** What is in force where nothing is answered, as it stands in brackets behind the question. */
function spoken(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none'
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function json(
  terminal: Terminal,
  question: Question,
  what: string,
  suggested: string | undefined,
): Promise<unknown> {
  for (;;) {
    const answer = await terminal.text(`${what}, as JSON`, suggested)
    try {
      return unlessLeft(question, suggested, answer, (text) => JSON.parse(text) as unknown)
    } catch {
      process.stderr.write('mayfly: that is not JSON\n')
    }
  }
}
