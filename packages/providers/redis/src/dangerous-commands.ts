/**
 * Commands that no role gets by name: the categories `@admin` and `@dangerous` of Redis 7.0 to 8, the whole of ACL, and
 * what plants or stops code of others. The server takes the two categories away once more at the end of each rule
 * (`acl-rule.ts`), as it knows them itself; this list is there so that a role says at once that it will not do.
 */
const commands = new Set([
  'acl',
  'bgrewriteaof',
  'bgsave',
  'config',
  'debug',
  'failover',
  'flushall',
  'flushdb',
  'function',
  'info',
  'keys',
  'lastsave',
  'latency',
  'migrate',
  'module',
  'monitor',
  'pfdebug',
  'pfselftest',
  'psync',
  'replconf',
  'replicaof',
  'restore',
  'restore-asking',
  'role',
  'save',
  'script',
  'shutdown',
  'slaveof',
  'slowlog',
  'sort',
  'sort_ro',
  'swapdb',
  'sync',
])

/** Of these some subcommands do harm: with the container all of them would be permitted. */
const containers = new Set(['client', 'cluster'])
const harmlessSubcommands = new Set([
  'client|caching',
  'client|getname',
  'client|getredir',
  'client|id',
  'client|info',
  'client|reply',
  'client|setinfo',
  'client|setname',
  'client|trackinginfo',
  'cluster|countkeysinslot',
  'cluster|info',
  'cluster|keyslot',
  'cluster|links',
  'cluster|myid',
  'cluster|nodes',
  'cluster|shards',
  'cluster|slots',
])

/** @param name of a command, or of a subcommand after `|`, in lower case */
export function isDangerous(name: string): boolean {
  const [container = name] = name.split('|')
  return commands.has(container) || (containers.has(container) && !harmlessSubcommands.has(name))
}
