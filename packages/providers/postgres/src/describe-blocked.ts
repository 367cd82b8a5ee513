import type { Blocked } from './postgres-way.ts'

/** What is in the way, in one line of bounded length for a person: names of objects, no statements. */
export function describeBlocked(blocked: Blocked, databaseName: string | undefined): string {
  const where = databaseName === undefined ? '' : ` in database \`${databaseName}\``
  switch (blocked.state) {
    case '55P03':
      return `a transaction at the target holds the account${where}`
    case '42501':
      return `Mayfly's login has no right over the account${where}`
    case 'MF005':
      return 'the account was given attributes of an administrator: look for what it made (roles, replication slots, databases), then take them away'
    default: {
      const list = blocked.reason
        .replaceAll(/\s*\n\s*/g, '; ')
        .replaceAll(/\p{C}/gu, ' ')
        .slice(0, 400)
      return `removal is blocked${where} (${blocked.state})${list === '' ? '' : `: ${list}`}`
    }
  }
}
