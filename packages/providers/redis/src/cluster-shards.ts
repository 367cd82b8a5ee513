/** Who is in a cluster, from CLUSTER SHARDS, and keys that belong to a shard (Redis cluster specification). */
import type { Reply } from './redis-connection.ts'
import type { Address } from './redis-settings.ts'

export interface Shard {
  /** Of its slots the first; undefined where it has none, and so no keys. */
  readonly firstSlot: number | undefined
  readonly nodes: readonly ShardNode[]
}

export interface ShardNode {
  readonly address: Address
  readonly role: 'primary' | 'replica'
  readonly isOnline: boolean
}

/** @param self who answered: a node that knows no address of its own is the one that was asked */
export function parseShards(reply: Reply | undefined, self: Address, useTls: boolean): readonly Shard[] {
  return listOf(reply).map((shard) => {
    const fields = pairsOf(shard)
    const firstSlot = listOf(fields.get('slots'))[0]
    return {
      firstSlot: firstSlot === undefined ? undefined : Number(firstSlot),
      nodes: listOf(fields.get('nodes')).flatMap((node) => nodeOf(pairsOf(node), self, useTls)),
    }
  })
}

function nodeOf(fields: ReadonlyMap<string, Reply>, self: Address, useTls: boolean): readonly ShardNode[] {
  const text = (name: string) => {
    const value = fields.get(name)
    return typeof value === 'string' && value !== '?' ? value : ''
  }
  const port = Number(fields.get(useTls ? 'tls-port' : 'port') ?? 0)
  const host = text('endpoint') || text('hostname') || text('ip') || self.host
  if (port <= 0) return []
  return [
    {
      address: { host, port },
      role: text('role') === 'master' ? 'primary' : 'replica',
      isOnline: text('health') === 'online',
    },
  ]
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : []
}

/** RESP 2 has no maps: name, value, name, value. */
function pairsOf(reply: Reply): ReadonlyMap<string, Reply> {
  const flat = listOf(reply)
  const pairs = new Map<string, Reply>()
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.set(String(flat[at]), flat[at + 1] ?? null)
  return pairs
}

const slotCount = 16_384

/** CRC16-XMODEM of what stands between the braces, or of all (specification, "Key distribution model" and "Hash tags"). */
export function slotOf(key: string): number {
  const [, inner = ''] = /^[^{]*\{([^}]*)\}/.exec(key) ?? []
  const tag = inner === '' ? key : inner
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80_00 ? ((crc << 1) ^ 0x10_21) & 0xff_ff : (crc << 1) & 0xff_ff
  }
  return crc % slotCount
}

/** A hash tag of this slot: the smallest number whose slot it is. About 16,000 tries, a few milliseconds: ask once. */
export function tagFor(slot: number): string {
  let number = 0
  while (slotOf(String(number)) !== slot) number += 1
  return String(number)
}
