/**
 * What is made again and again from the same few values, e.g. from the permission of a role, is made once of each. By its
 * text, so that what has changed is another value; where making it throws, nothing is remembered.
 *
 * @param make without effects, and without a look at anything but its input, which is JSON
 * @param max so many are kept; beyond that all are forgotten, since somebody makes up one after the other
 * @returns as `make`; what it gives is shared and must not be changed
 */
export function rememberByText<Input, Output extends object>(
  make: (input: Input) => Output,
  max: number,
): (input: Input) => Output {
  const remembered = new Map<string, Output>()
  return (input) => {
    const text = JSON.stringify(input)
    const known = remembered.get(text)
    if (known !== undefined) return known
    const made = make(input)
    if (remembered.size >= max) remembered.clear()
    remembered.set(text, made)
    return made
  }
}
