/**
 * Keys that count their logins (trust provider kind `bound_key` with `login: challenge`): what stands beside the key.
 *
 * Promise: the secret that the next login reveals is on the disk before the server hears its digest, so that a lost answer
 * is asked for again and never taken for a clone; processes of one host take turns.
 * Limit: whoever copies the file with the key can log in until either of the two holders logs in next.
 */
import { createHash, randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { withFileLock } from './file-lock.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { UsageError } from './usage-error.ts'

interface LoginState {
  /** What the last login answered. */
  readonly generation: number
  /** What this login reveals; absent for the first. */
  readonly secret?: string
  /** What the next one will. */
  readonly pending?: string
}

/** Claims of the client assertion, beside those of RFC 7523. */
export type CountedClaims = Readonly<Record<string, string | number>>

/** Where the count of a key file stands: beside it. */
export function loginFileOf(keyFile: string): string {
  return `${keyFile}.login`
}

export async function hasLoginFile(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

/**
 * One login, from what is known of the last to what is known of this.
 *
 * @param getChallenge of the server, for the client
 * @param ask sends an assertion with these claims; its answer names the generation where the login counted
 */
export async function countedLogin<Answer extends { readonly generation?: number | undefined }>(
  file: string,
  getChallenge: () => Promise<string>,
  ask: (claims: CountedClaims) => Promise<Answer>,
): Promise<Answer> {
  return withFileLock(`${file}.lock`, async () => {
    const known = await readState(file)
    const pending = known.pending ?? randomBytes(32).toString('base64url')
    if (known.pending === undefined) await saveState(file, { ...known, pending })
    const answer = await ask({
      nonce: await getChallenge(),
      generation: known.generation,
      ...(known.secret === undefined ? {} : { generation_secret: known.secret }),
      next_generation_digest: createHash('sha256').update(pending).digest('base64url'),
    })
    if (answer.generation !== undefined) await saveState(file, { generation: answer.generation, secret: pending })
    return answer
  })
}

async function readState(file: string): Promise<LoginState> {
  if (!(await hasLoginFile(file))) return { generation: 0 }
  const text = await readPrivateFile(file, 'login')
  const state = parse(text)
  if (state !== undefined) return state
  throw new UsageError(
    `the login file \`${file}\` cannot be read`,
    'have a person recover the binding (`mayfly binding recover`), and remove the file',
  )
}

function parse(text: string): LoginState | undefined {
  try {
    const { generation, secret, pending } = JSON.parse(text) as Record<string, unknown>
    if (typeof generation !== 'number') return undefined
    return {
      generation,
      ...(typeof secret === 'string' && { secret }),
      ...(typeof pending === 'string' && { pending }),
    }
  } catch {
    return undefined
  }
}

async function saveState(file: string, state: LoginState): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify(state)}\n`)
  // The name too must outlive a crash: an older file would be another count.
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
