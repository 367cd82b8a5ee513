/**
 * Which process a number means. A process id alone says little: numbers are used again, and a process that has ended
 * but was not waited for still has its number.
 */
import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A text that no other process has, before or after, on this machine: boot and start time.
 *
 * @returns undefined where no such process lives (a zombie does not live)
 */
export async function identifyProcess(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return identifyByPs(pid)
  const stat = await readIfThere(`/proc/${pid}/stat`)
  const parsed = stat === undefined ? undefined : parseProcStat(stat)
  if (parsed === undefined || parsed.state === 'Z' || parsed.state === 'X') return undefined
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  return `${boot}/${parsed.startTicks}`
}

/** Reads fields 3 and 22 of proc_pid_stat(5). The second field, a name, may hold spaces and brackets. */
export function parseProcStat(text: string): { state: string; startTicks: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  const startTicks = fields[19]
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks }
}

/** True where the process lives and is a PostgreSQL server on this cluster. */
export async function isPostgresOn(pid: number, clusterDir: string): Promise<boolean> {
  if ((await identifyProcess(pid)) === undefined) return false
  if (process.platform !== 'linux') {
    const command = (await ps(pid, 'command=')) ?? ''
    return /postgres/.test(command) && command.includes(clusterDir)
  }
  // The server's working directory is its cluster. It changes its title, so the command line says little.
  const [program, workingDir] = await Promise.all([linkIfReadable(pid, 'exe'), linkIfReadable(pid, 'cwd')])
  return workingDir === clusterDir && basename(program ?? '').startsWith('postgres')
}

async function identifyByPs(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') {
    try {
      process.kill(pid, 0)
      return `pid/${pid}`
    } catch {
      return undefined
    }
  }
  const answer = await ps(pid, 'state=,lstart=')
  return answer === undefined || answer.startsWith('Z') ? undefined : answer.replace(/^\S+\s+/, '')
}

async function ps(pid: number, columns: string): Promise<string | undefined> {
  try {
    return (await run('ps', ['-p', String(pid), '-o', columns], { env: { ...process.env, LC_ALL: 'C' } })).stdout.trim()
  } catch (error) {
    // ps exits with 1 where there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // ESRCH: it ended between opening and reading.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}

async function linkIfReadable(pid: number, name: 'exe' | 'cwd'): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/${name}`)
  } catch {
    // Gone, or of another user: a server of ours runs as a user whom we may look at.
    return undefined
  }
}
