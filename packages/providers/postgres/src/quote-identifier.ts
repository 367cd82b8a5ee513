/** Writes a name as an SQL identifier. The one place that does; `"` is doubled, so no name can end it early. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new TypeError('an SQL name cannot hold a zero byte')
  return `"${name.replaceAll('"', '""')}"`
}
