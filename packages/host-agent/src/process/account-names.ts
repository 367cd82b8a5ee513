/**
 * Names of users and groups, from `/etc/passwd` and `/etc/group`.
 *
 * NOT asked: directory services. Who is known only there has no name here, and selectors by number still hold.
 */
import { readFileSync, statSync } from 'node:fs'

export interface AccountNames {
  userName(uid: number): string | undefined
  groupName(gid: number): string | undefined
}

export function makeAccountNames(passwdPath = '/etc/passwd', groupPath = '/etc/group'): AccountNames {
  const user = makeLookup(passwdPath)
  const group = makeLookup(groupPath)
  return { userName: user, groupName: group }
}

/** Read again when the file has changed. */
function makeLookup(path: string): (id: number) => string | undefined {
  let seen: string | undefined
  let names = new Map<number, string>()
  return (id) => {
    const stamp = stampOf(path)
    if (stamp === undefined) return undefined
    if (stamp !== seen) {
      names = parseAccounts(readFileSync(path, 'utf8'))
      seen = stamp
    }
    return names.get(id)
  }
}

/** `name:password:id:…` lines; the first name of an id counts, as it does for the system. */
export function parseAccounts(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':')
    if (!name || id === undefined || !/^\d+$/.test(id)) continue
    if (!names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}

function stampOf(path: string): string | undefined {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return `${ino}/${size}/${mtimeNs}/${ctimeNs}`
  } catch {
    return undefined
  }
}
