/**
 * Which nodes belong to the target now, and who is whose primary.
 *
 * Promise: users do not replicate, so whatever was made at a node has to be removed there: a replica that its primary has
 * lost sight of is asked for ten minutes more, a node of a cluster until the cluster forgets it, a listed one always.
 * Limit: after a start of Mayfly a lost replica that is not listed is not known.
 */
import { randomBytes } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { type AclFile, aclFileOf, type FilePlace } from './acl-file.ts'
import { parseShards, type Shard, tagFor } from './cluster-shards.ts'
import { factsCommand, type NodeFacts, parseFacts } from './node-facts.ts'
import type { Login } from './redis-connection.ts'
import { createNode, type Node, orAborted } from './redis-node.ts'
import { type Address, addressText, isLoopback, type RedisSettings } from './redis-settings.ts'

export interface Member extends FilePlace {
  readonly node: Node
  readonly file: AclFile
  readonly facts: NodeFacts
  /** Where a key that guards a create is written so that this node sees it: itself, or its primary; absent: nowhere. */
  readonly guardedBy: Node | undefined
  readonly guardKey: string
}

export interface Unreachable {
  readonly node: Node
  readonly error: MayflyError
  /** True where a cluster says so: keys are missing while it does not answer. */
  readonly isPrimary: boolean
}

export interface Topology {
  readonly members: readonly Member[]
  readonly unreachable: readonly Unreachable[]
}

export interface Nodes {
  readonly settings: RedisSettings
  /** Members as they were seen last; none before the first look. */
  known(): readonly Member[]
  /** Asks the target. A node that does not answer is named, not thrown. @throws MayflyError where none answers */
  look(signal: AbortSignal): Promise<Topology>
  /** As it was seen at most five seconds ago; `forget` after what shows that it has changed. */
  recent(signal: AbortSignal): Promise<Topology>
  forget(): void
  close(): void
}

const recentMs = 5_000
const lostReplicaMs = 600_000
/** More than any cluster has; what names more is not believed. */
const maxNodes = 1_000
const neverAborted = new AbortController().signal

interface Known {
  readonly node: Node
  readonly file: AclFile
  /** Of its own: what guards a change here is not what guards one elsewhere. */
  readonly guardKey: string
  /** In the settings. */
  readonly isListed: boolean
  namedAtMs: number
}

interface Asked {
  readonly facts: Map<Node, NodeFacts>
  readonly errors: Map<Node, MayflyError>
}

export function openNodes(settings: RedisSettings, login: Login): Nodes {
  const known = new Map<string, Known>()
  /** One for each process, so that two of them do not write over each other's. */
  const mark = randomBytes(6).toString('hex')
  let counted = 0
  const tags = new Map<number, string>()
  let last: { readonly at: number; readonly topology: Promise<Topology> } | undefined
  let seen: readonly Member[] = []
  let closed = false

  function nodeAt(address: Address, isListed = false): Node {
    const id = addressText(address)
    const present = known.get(id)
    if (present !== undefined) {
      present.namedAtMs = performance.now()
      return present.node
    }
    refuseUnsafe(settings, id, address)
    if (known.size >= maxNodes) throw new MayflyError('target_refused', { log: 'redis: it names too many nodes' })
    const node = createNode(settings, address, login)
    counted += 1
    const guardKey = `mayfly:guard:${mark}:${counted}`
    known.set(id, { node, file: aclFileOf(node), guardKey, isListed, namedAtMs: performance.now() })
    return node
  }

  nodeAt(settings, true)
  if (settings.nodes.mode === 'listed') for (const other of settings.nodes.others) nodeAt(other, true)

  async function look(signal: AbortSignal): Promise<Topology> {
    const asked: Asked = { facts: new Map(), errors: new Map() }
    await askAll(
      [...known.values()].map((one) => one.node),
      asked,
      signal,
    )
    const shards = await shardsBy(asked.facts, settings, signal)
    if (settings.nodes.mode === 'discovered') {
      // At most twice: a replica names its primary, which names the others.
      for (let round = 0; round < 2; round += 1) {
        const named = new Set((shards ? shards.flatMap(addressesOf) : namedBy(asked.facts)).map((one) => nodeAt(one)))
        const fresh = [...named].filter((node) => !asked.facts.has(node) && !asked.errors.has(node))
        if (fresh.length === 0) break
        await askAll(fresh, asked, signal)
      }
      forgetLost(asked, shards)
    }
    const [error] = asked.errors.values()
    if (asked.facts.size === 0 && error !== undefined) throw error
    const members = onceEach(asked.facts, shards).map(([node, facts]) => memberOf(node, facts, asked.facts, shards))
    await Promise.all(members.map((member) => hearFile(member, asked, signal)))
    seen = members.filter((member) => !asked.errors.has(member.node))
    return {
      members: seen,
      unreachable: [...asked.errors].map(([node, why]) => ({
        node,
        error: why,
        isPrimary: shards?.some((shard) => roleIn(shard, node) === 'primary') ?? false,
      })),
    }
  }

  function forgetLost(asked: Asked, shards: readonly Shard[] | undefined): void {
    if (!shards && ![...asked.facts.values()].some((facts) => facts.role === 'primary')) return
    const patienceMs = shards ? 0 : lostReplicaMs
    const inCluster = new Set(shards?.flatMap(addressesOf).map(addressText))
    for (const [id, { node, isListed, namedAtMs }] of known) {
      if (isListed || asked.facts.has(node) || inCluster.has(id)) continue
      if (performance.now() - namedAtMs < patienceMs) continue
      known.delete(id)
      asked.errors.delete(node)
      node.close()
    }
  }

  function partsOf(node: Node): Known {
    const parts = known.get(node.id)
    if (!parts) throw new MayflyError('internal', { log: `redis: ${node.id} is not known` })
    return parts
  }

  function memberOf(
    node: Node,
    facts: NodeFacts,
    all: ReadonlyMap<Node, NodeFacts>,
    shards: readonly Shard[] | undefined,
  ): Member {
    const { file, guardKey } = partsOf(node)
    const fileKey = `mayfly:guard:acl:${facts.runId}`
    const common = { node, file, facts, fileKey, guardKey }
    if (!shards) return { ...common, guardedBy: facts.role === 'primary' ? node : primaryOf(facts, all) }
    const shard = shards.find((one) => roleIn(one, node) !== undefined)
    if (shard?.firstSlot === undefined) return { ...common, guardedBy: undefined }
    if (facts.role === 'replica') node.readOnly()
    const tag = tags.get(shard.firstSlot) ?? tagFor(shard.firstSlot)
    tags.set(shard.firstSlot, tag)
    const primary = shard.nodes.find((each) => each.role === 'primary')
    return {
      ...common,
      fileKey: `${fileKey}:{${tag}}`,
      guardKey: `${guardKey}:{${tag}}`,
      guardedBy: primary && nodeAt(primary.address),
    }
  }

  return {
    settings,
    look,
    known: () => seen,
    recent(signal) {
      if (last === undefined || performance.now() - last.at >= recentMs) {
        // Not the caller's signal: others wait for the same answer.
        const topology = look(neverAborted)
        const fresh = { at: performance.now(), topology }
        last = fresh
        topology.catch(() => {
          if (last === fresh) last = undefined
        })
      }
      return orAborted(last.topology, 'look', signal)
    },
    forget() {
      last = undefined
    },
    close() {
      if (closed) return
      closed = true
      for (const { node } of known.values()) node.close()
    },
  }
}

function refuseUnsafe(settings: RedisSettings, id: string, { host }: Address): void {
  if (settings.tls.mode !== 'disabled_loopback_only' || isLoopback(host)) return
  throw new MayflyError('target_unsafe', {
    log: `redis: the target names the node ${id}`,
    publicDetail: 'the target names a node on another machine, and TLS is off',
    hint: 'use `tls: { mode: verify_full }`, or name the nodes in `nodes`',
  })
}

async function askAll(nodes: readonly Node[], asked: Asked, signal: AbortSignal): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      try {
        const [reply] = await node.repeat('look', [factsCommand], signal)
        asked.facts.set(node, parseFacts(reply, new Date()))
      } catch (error) {
        if (signal.aborted || !(error instanceof MayflyError)) throw error
        asked.errors.set(node, error)
      }
    }),
  )
}

async function hearFile(member: Member, asked: Asked, signal: AbortSignal): Promise<void> {
  try {
    await member.file.hear(member, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof MayflyError)) throw error
    asked.errors.set(member.node, error)
  }
}

async function shardsBy(
  facts: ReadonlyMap<Node, NodeFacts>,
  settings: RedisSettings,
  signal: AbortSignal,
): Promise<readonly Shard[] | undefined> {
  const node = [...facts].find(([, one]) => one.isCluster)?.[0]
  if (node === undefined) return undefined
  if (settings.nodes.mode === 'listed') {
    throw new MayflyError('target_refused', {
      log: 'redis: a cluster with `listed` nodes',
      publicDetail: 'the target is a cluster, which says itself which nodes it has',
      hint: 'set `nodes` to { "mode": "discovered" }',
    })
  }
  const [reply] = await node.ask('look', [['CLUSTER', 'SHARDS']], signal)
  return parseShards(reply, node.address, settings.tls.mode === 'verify_full')
}

/** One server under two names (a host name in the settings, an address in what it says of itself) counts once. */
function onceEach(
  facts: ReadonlyMap<Node, NodeFacts>,
  shards: readonly Shard[] | undefined,
): readonly (readonly [Node, NodeFacts])[] {
  const byRun = new Map<string, readonly [Node, NodeFacts]>()
  for (const [node, one] of facts) {
    const isNamed = shards?.some((shard) => roleIn(shard, node) !== undefined) ?? false
    if (!byRun.has(one.runId) || isNamed) byRun.set(one.runId, [node, one])
  }
  return [...byRun.values()]
}

function addressesOf(shard: Shard): readonly Address[] {
  return shard.nodes.map((one) => one.address)
}

function roleIn(shard: Shard, node: Node): 'primary' | 'replica' | undefined {
  return shard.nodes.find((one) => addressText(one.address) === node.id)?.role
}

function namedBy(facts: ReadonlyMap<Node, NodeFacts>): readonly Address[] {
  return [...facts.values()].flatMap((one) => [...one.replicas, ...(one.primary ? [one.primary] : [])])
}

function primaryOf(facts: NodeFacts, all: ReadonlyMap<Node, NodeFacts>): Node | undefined {
  const isMine = (other: NodeFacts) => other.role === 'primary' && other.replicationId === facts.replicationId
  return [...all].find(([, other]) => isMine(other))?.[0]
}
