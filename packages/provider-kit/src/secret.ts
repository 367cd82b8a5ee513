import { inspect } from 'node:util'

/**
 * A value that must not be seen. It prints `[secret]` wherever it is logged, inspected, joined or serialised;
 * `reveal()` is the only way to the value, and is easy to search for.
 *
 * Does NOT wipe memory: JavaScript strings cannot be.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
