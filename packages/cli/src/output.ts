/**
 * What the command says: data on standard output, everything else on standard error.
 *
 * Promise: with `--json` standard output is one JSON document and nothing else. Text from a server is shown without
 * control characters, so that a name cannot move the cursor or recolour the terminal.
 */
import type { Failure } from './describe-failure.ts'

export interface OutputStreams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
}

export interface OutputOptions {
  readonly json: boolean
  /** Tell progress even where nobody watches a terminal. */
  readonly progress: boolean
}

export interface Output {
  /** Standard output is a terminal: a person looks, not a program. */
  readonly isWatched: boolean
  /** The answer of the command: `value` as JSON, or as `text` makes it. */
  result<T>(value: T, text: (value: T) => string): void
  /** Data as it is, e.g. SQL or a shell script. */
  raw(text: string): void
  /** Data that need not be text, as it is, with `--json` too. */
  bytes(data: Uint8Array): void
  /** How to use a command, in place of an answer. */
  help(text: string): void
  /** One line to the person: what happened. */
  say(text: string): void
  /** A line of a log, as it is, on standard error. */
  log(line: string): void
  /** How far it is; the next progress or `say` takes its place on a terminal. */
  progress(text: string): void
  fail(failure: Failure): void
}

/** @param options read anew at each use: they are known only once the command line is parsed */
export function makeOutput({ stdout, stderr }: OutputStreams, options: () => OutputOptions): Output {
  let unfinishedLine = false

  function clearLine(): void {
    if (unfinishedLine) stderr.write('\r\u001b[K')
    unfinishedLine = false
  }
  function line(text: string): void {
    clearLine()
    stderr.write(`mayfly: ${printable(text)}\n`)
  }

  /** A program gets the bytes as they are; a terminal would obey them. */
  function forReader(text: string): string {
    return ended(stdout.isTTY === true ? text.replaceAll(/[^\n\t]+/g, printable) : text)
  }

  return {
    isWatched: stdout.isTTY === true,
    result(value, text) {
      clearLine()
      if (options().json) stdout.write(`${JSON.stringify(value, null, 2)}\n`)
      else stdout.write(forReader(text(value)))
    },
    bytes(data) {
      clearLine()
      stdout.write(data)
    },
    raw(text) {
      clearLine()
      stdout.write(forReader(text))
    },
    help(text) {
      clearLine()
      stderr.write(ended(text))
    },
    say: line,
    log(text) {
      clearLine()
      stderr.write(ended(text))
    },
    progress(text) {
      if (stderr.isTTY === true) {
        clearLine()
        stderr.write(`mayfly: ${printable(text)}`.slice(0, (stderr.columns ?? 80) - 1))
        unfinishedLine = true
      } else if (options().progress) line(text)
    },
    fail({ message, details, hint }) {
      line(`error: ${message}`)
      for (const detail of details) stderr.write(`  ${printable(detail)}\n`)
      if (hint !== undefined) line(`hint: ${hint}`)
    },
  }
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** C0, C1 and the marks that turn the direction of text; a newline becomes a space. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\n\t]/g, ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}
