/**
 * Writes a value as an SQL string literal, for the statements that take no parameters (CREATE ROLE, ROLLBACK PREPARED).
 * With a backslash in it the escape form is used, which reads the same whatever `standard_conforming_strings` says.
 */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new TypeError('an SQL literal cannot hold a zero byte')
  const doubled = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}
