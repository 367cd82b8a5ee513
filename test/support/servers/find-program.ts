/**
 * Finds the program of a server that tests need: on the PATH, or where Debian puts daemons. On Debian, as root, a missing
 * one is installed; anywhere else the suite stops and says what is missing: nothing is skipped.
 */
import { execFile } from 'node:child_process'
import { access, constants, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Program {
  /** Any of these names will do, e.g. `['mariadbd', 'mysqld']`. */
  readonly names: readonly string[]
  /** What to install for it on Debian. */
  readonly debianPackage: string
}

/** @returns the absolute path of the program, as it was found: some do another thing under another name */
export async function findProgram(program: Program): Promise<string> {
  const found = await look(program)
  if (found !== undefined) return found
  if (!(await canInstall())) throw new Error(missing(program))
  await install(program.debianPackage)
  const installed = await look(program)
  if (installed === undefined) throw new Error(`${program.debianPackage} was installed; ${missing(program)}`)
  return installed
}

async function look({ names }: Program): Promise<string | undefined> {
  const dirs = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/lib/rabbitmq/bin',
  ]
  for (const path of names.flatMap((name) => dirs.filter((dir) => dir !== '').map((dir) => join(dir, name)))) {
    try {
      await access(path, constants.X_OK)
      return path
    } catch (error) {
      if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'ENOTDIR'].includes(String(error.code)))
        continue
      throw error
    }
  }
  return undefined
}

async function canInstall(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  return (await readFile('/etc/os-release', 'utf8').catch(() => '')).match(/^ID(_LIKE)?=.*debian/m) !== null
}

/** Only the files: a daemon that starts by itself is not ours to have running. */
async function install(debianPackage: string): Promise<void> {
  process.stderr.write(`tests: installing ${debianPackage}\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const options = { env, maxBuffer: 64 << 20 }
  // Several may want it at once: apt waits for its lock. In runlevel 1 no daemon is started.
  const apt = async (...args: readonly string[]) =>
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], options)
  await apt('update')
  await apt('install', '-y', '--no-install-recommends', debianPackage)
}

function missing({ names, debianPackage }: Program): string {
  return `${names.join(' or ')} is needed and not on the PATH: install it (on Debian: apt-get install ${debianPackage})`
}
