/**
 * A host of its own for what sets a host up: the files of this machine, where every change is seen by it alone and gone
 * with it. As root, on Linux with overlayfs. Network and processes are the machine's.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Ran, runProgram } from './run-program.ts'

export interface PrivateHost extends AsyncDisposable {
  /** The command and arguments that run a program there. */
  command(...args: readonly string[]): readonly [string, ...string[]]
  /** Runs it to its end there, with `input` to read. */
  run(args: readonly string[], input?: string): Promise<Ran>
}

const changed = ['/etc', '/usr/local', '/home']

/** @param dir a folder of its own, which is made */
export async function startPrivateHost(dir: string): Promise<PrivateHost> {
  await mkdir(dir, { recursive: true })
  const script = [
    'set -e',
    // Upper folders of an overlay may not lie on another overlay, as a machine's own root may be.
    `mount -t tmpfs none ${dir}`,
    ...changed.flatMap((path, at) => {
      const [upper, work] = ['upper', 'work'].map((name) => join(dir, `${at}-${name}`))
      return [
        `mkdir ${upper} ${work}`,
        `mount -t overlay overlay -o lowerdir=${path},upperdir=${upper},workdir=${work} ${path}`,
      ]
    }),
    'mount -t tmpfs none /run',
    'mkdir /run/sshd',
    'echo ready',
    // Until whoever holds the other end is gone.
    'exec cat',
  ].join('\n')
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], { stdio: 'pipe' })
  let said = ''
  holder.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  const ended = once(holder, 'close')
  const isReady = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!isReady) throw new Error(`no host of its own: ${said.trim()}`)
  const command = (...args: readonly string[]) => ['nsenter', '--target', `${holder.pid}`, '--mount', ...args] as const
  return {
    command,
    run: (args, input) => runProgram(command(...args), input),
    async [Symbol.asyncDispose]() {
      holder.stdin.end()
      await ended
    },
  }
}
