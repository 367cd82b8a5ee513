/** The least rights at the target, as commands of NATS' own tool. */
export const natsGuide = `# The least rights that Mayfly needs at NATS (operator mode, servers with a full resolver), by nsc.
# Change ACCOUNT (and SYS, where the system account has another name). Run it where the operator's keys are.
ACCOUNT=ACCOUNT
ACCOUNT_ID=$(nsc describe account "$ACCOUNT" --field sub | tr -d '"')

# 1. Signs users: a signing key of the account that nobody else uses. Enter its seed as account_signing_key.
nsc edit account "$ACCOUNT" --sk generate

# 2. Signs the account's JWT, with what is revoked: a signing key of the operator. Enter its seed as operator_signing_key.
#    The servers must know it: put the operator's new JWT into their configuration, and reload them.
nsc edit operator --sk generate
nsc describe operator --raw

# 3. Tells the servers: a user of the system account that may do this and nothing else. Enter its file as system_credentials.
nsc add user --account SYS mayfly \\
  --allow-pub "\\$SYS.REQ.SERVER.PING.STATSZ" \\
  --allow-pub "\\$SYS.REQ.SERVER.PING.VARZ" \\
  --allow-pub "\\$SYS.REQ.ACCOUNT.$ACCOUNT_ID.CLAIMS.LOOKUP" \\
  --allow-pub "\\$SYS.REQ.ACCOUNT.$ACCOUNT_ID.CLAIMS.UPDATE" \\
  --allow-pub "\\$SYS.REQ.ACCOUNT.$ACCOUNT_ID.INFO" \\
  --allow-pub "\\$SYS.REQ.ACCOUNT.$ACCOUNT_ID.CONNZ" \\
  --allow-sub "_INBOX.mayfly.>"
nsc generate creds --account SYS --name mayfly

# 4. So that the servers know all of it.
nsc push --account "$ACCOUNT"
`

/** What Mayfly's user of the system account must be allowed. */
export function systemRights(account: string): { readonly publish: readonly string[]; readonly subscribe: string[] } {
  const of = (what: string) => `$SYS.REQ.ACCOUNT.${account}.${what}`
  return {
    publish: [
      '$SYS.REQ.SERVER.PING.STATSZ',
      '$SYS.REQ.SERVER.PING.VARZ',
      ...['CLAIMS.LOOKUP', 'CLAIMS.UPDATE', 'INFO', 'CONNZ'].map(of),
    ],
    subscribe: ['_INBOX.mayfly.>'],
  }
}
