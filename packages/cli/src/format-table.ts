import { printable } from './output.ts'

type Cell = string | number | boolean | null | undefined

/** Columns side by side, as wide as their widest cell; the last one is not padded. */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header.map((title) => title.toUpperCase()), ...rows.map((row) => row.map(cell))]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((text, column) => (column === line.length - 1 ? text : text.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `name  value` lines of one thing; nested values as JSON, absent ones left out. */
export function formatRecord(record: Readonly<Record<string, unknown>>, hidden: readonly string[] = ['entry']): string {
  const entries = Object.entries(record).filter(([name, value]) => !hidden.includes(name) && value !== null)
  const width = Math.max(0, ...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${formatValue(value)}`).join('\n')
}

export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return printable(value.join(', '))
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

function cell(value: Cell): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value))
}
