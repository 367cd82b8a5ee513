/** Tells a program that its files have changed. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { FileEntry } from '../config/host-agent-config.ts'
import { type Log, reasonOf } from '../log.ts'

const timeoutMs = 30_000

/** Never rejects: what did not work is logged, and the files stand. */
export async function runAfterChange({ name, afterChange }: FileEntry, log: Log): Promise<void> {
  if (afterChange === undefined) return
  try {
    if (afterChange.kind === 'command') await runCommand(afterChange.command)
    else await sendSignal(afterChange.pidFile, afterChange.signal)
    log.info('file_change_told', { file: name })
  } catch (error) {
    log.warn('file_change_not_told', { file: name, reason: reasonOf(error) })
  }
}

function runCommand([file = '', ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'ignore', timeout: timeoutMs, killSignal: 'SIGKILL' })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`\`${file}\` ended with ${signal ?? `exit ${code}`}`))
    })
  })
}

async function sendSignal(pidFile: string, signal: NodeJS.Signals): Promise<void> {
  const text = (await readFile(pidFile, 'utf8')).trim()
  // 0 and negative numbers would reach whole groups, 1 the init of the system.
  if (!/^[1-9]\d{0,9}$/.test(text) || text === '1') throw new Error(`\`${pidFile}\` holds no number of a process`)
  process.kill(Number(text), signal)
}
