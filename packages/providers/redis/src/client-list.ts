/** CLIENT LIST, a line for each connection (Redis documentation, "CLIENT LIST"). */
import { isIP } from 'node:net'
import type { Reply } from './redis-connection.ts'

export interface ClientLine {
  readonly id: string
  readonly user: string
  /** Without its port; undefined for a Unix socket. */
  readonly address: string | undefined
  readonly ageSeconds: number
}

/** A client can choose its `name`, but neither a space nor a line can stand in it. */
export function parseClientList(reply: Reply | undefined): readonly ClientLine[] {
  const lines: ClientLine[] = []
  for (const line of String(reply ?? '').split('\n')) {
    const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? ''
    const id = field('id')
    if (id === '') continue
    lines.push({ id, user: field('user'), address: addressIn(field('addr')), ageSeconds: Number(field('age')) })
  }
  return lines
}

/** `10.0.0.1:4711`, `[::1]:4711`, or a path with `:0`. */
function addressIn(text: string): string | undefined {
  const host = text.slice(0, text.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
  return isIP(host) === 0 ? undefined : host
}
