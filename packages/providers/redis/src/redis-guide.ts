/** What Mayfly's login may do: what it runs, and nothing else. */
export const adminRights: readonly string[] = [
  '-@all',
  '+ping',
  '+info',
  '+time',
  '+acl|whoami',
  '+acl|setuser',
  '+acl|deluser',
  '+acl|getuser',
  '+acl|dryrun',
  '+acl|users',
  '+acl|save',
  '+client|list',
  '+client|kill',
  '+cluster|shards',
  '+readonly',
  // The guard of a create: one key with an end, watched by a transaction.
  '+set',
  '+get',
  '+watch',
  '+unwatch',
  '+multi',
  '+exec',
]

/** The keys that guard creates, and no others. */
export const adminKeys = '~mayfly:guard:*'

/**
 * Shell commands that make Mayfly's login, with `redis-cli` (or `valkey-cli`). To be run once for each node: users do not
 * replicate. Can be run again at any time; it leaves the login with one password, the one that is entered then.
 */
export function redisGuide(login = 'mayfly'): string {
  return `# Mayfly at a Redis or Valkey target. Run in a shell, once for EACH node: users do not replicate.
# CHANGE the two lines marked so. It asks for the password of the administrator, then for a new one of Mayfly's login.
# Run it again after an upgrade of Mayfly. It changes nothing else.
#
# Whoever may run ACL SETUSER can make a user that may do everything: keep this password as you keep that of \`default\`.
# Mayfly changes it after its first check to one that only Mayfly knows, where the server has an \`aclfile\`.

REDIS_CLI="\${REDIS_CLI:-redis-cli -h 127.0.0.1 -p 6379 --user default}"  # CHANGE: the node; --tls --cacert FILE with TLS
MAYFLY_LOGIN="\${MAYFLY_LOGIN:-${login}}"                                     # CHANGE: the name of Mayfly's login

read_secret() { printf '%s: ' "$1" >&2; [ -t 0 ] && stty -echo; IFS= read -r secret; [ -t 0 ] && stty echo; echo >&2; }
read_secret 'password of the administrator'; export REDISCLI_AUTH="$secret"
read_secret "new password of $MAYFLY_LOGIN"
# Its hash, so that the password is in no list of processes and no log.
hash=$(printf %s "$secret" | sha256sum | cut -c 1-64)

$REDIS_CLI ACL SETUSER "$MAYFLY_LOGIN" reset on "#$hash" resetkeys '${adminKeys}' resetchannels \\
  ${wrapped(adminRights)}
# So that it is there after a restart. Without an \`aclfile\` in redis.conf: CONFIG REWRITE instead.
$REDIS_CLI ACL SAVE
unset REDISCLI_AUTH secret hash
`
}

function wrapped(words: readonly string[]): string {
  const lines: string[] = []
  let line = ''
  for (const word of words.map((each) => (/[|@~*]/.test(each) ? `'${each}'` : each))) {
    if (line.length + word.length > 110) {
      lines.push(line)
      line = ''
    }
    line += `${line === '' ? '' : ' '}${word}`
  }
  return [...lines, line].join(' \\\n  ')
}
