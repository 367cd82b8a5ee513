/** The command line cannot be understood, or something that it needs is missing: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint: string | undefined
  /** One line each, where there is more than one fault. */
  readonly details: readonly string[]

  /** @param message lower case, no full stop, what was typed in backticks */
  constructor(message: string, hint?: string, details: readonly string[] = []) {
    super(message)
    this.hint = hint
    this.details = details
  }
}
