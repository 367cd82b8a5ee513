/**
 * Who PostgreSQL runs as.
 *
 * PostgreSQL refuses to run as root. Where Mayfly runs as root, the server therefore gets another user, which must have
 * a passwd entry because initdb looks its name up. No user is created: that is the machine owner's business.
 * `nobody` may be shared with other programs, which could then read the data: prefer a user of its own.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MayflyError } from '@mayfly/domain'
import type { RunUser } from './embedded-postgres.ts'

const run = promisify(execFile)

const candidates = ['postgres', '_postgres', 'nobody']

/**
 * @param wanted a user's name; default the first candidate that exists
 * @returns undefined where Mayfly is not root: the server then runs as the same user
 * @throws MayflyError `configuration_invalid`: no such user, or it is root
 */
export async function chooseRunUser(wanted?: string): Promise<RunUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of wanted === undefined ? candidates : [wanted]) {
    const user = await findUser(name)
    if (user !== undefined && user.uid !== 0) return user
  }
  throw new MayflyError('configuration_invalid', {
    publicDetail:
      wanted === undefined
        ? `the embedded database cannot run as root, and there is none of the users ${candidates.map((name) => `\`${name}\``).join(', ')}`
        : `the embedded database cannot run as \`${wanted}\`: no such user, or it is root`,
    hint: 'create a user for it and name it in `MAYFLY_EMBEDDED_USER`, or run Mayfly as an ordinary user',
  })
}

async function findUser(name: string): Promise<RunUser | undefined> {
  // `id` asks the name service, so that users from a directory are found too; /etc/passwd alone would miss them.
  const ask = async (flag: '-u' | '-g'): Promise<number> => Number((await run('id', [flag, '--', name])).stdout.trim())
  try {
    return { name, uid: await ask('-u'), gid: await ask('-g') }
  } catch (error) {
    if (isExit(error)) return undefined
    throw error
  }
}

/** True where the program ran and said no, false where it could not be run. */
function isExit(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
}
