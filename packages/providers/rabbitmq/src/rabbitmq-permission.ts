import { z } from 'zod'

// RabbitMQ itself takes regular expressions; one that is written too wide opens everything. These are names.
const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9._:/-]*\*?$/, {
    error: 'write the name of a queue or exchange, a beginning and `*`, or `*` alone',
  })
const names = z.array(name).max(100).default([])

/** What a role permits in one virtual host: queues and exchanges by name, or by how their names begin (`orders.*`). */
export const rabbitmqPermission = z.strictObject({
  vhost: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\p{Cc}]+$/u, { error: 'holds a control character' })
    .meta({ description: 'the virtual host, e.g. /' }),
  /** May declare and delete. */
  configure: names,
  /** May publish to, and bind. */
  write: names,
  /** May consume from, and bind to. */
  read: names,
})
export type RabbitmqPermission = z.output<typeof rabbitmqPermission>

/** As RabbitMQ takes it: anchored on both sides, every character of a name taken literally; `^$` matches nothing. */
export function patternOf(names: readonly string[]): string {
  if (names.length === 0) return '^$'
  const parts = names.map((one) => (one.endsWith('*') ? `${escapeName(one.slice(0, -1))}.*` : escapeName(one)))
  return `^(${parts.join('|')})$`
}

function escapeName(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
}
