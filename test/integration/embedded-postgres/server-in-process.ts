/**
 * A process of its own that runs an embedded server, as Mayfly does, and can be killed.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ClusterOnDisk } from './make-cluster.ts'

export interface ServerInProcess {
  readonly process: ChildProcess
  /** Of the database server. */
  readonly pid: number
  readonly port: number
}

const program = fileURLToPath(new URL('run-server.ts', import.meta.url))

/** Starts the process, and nothing more. */
export function spawnServerProcess(
  { dataDir, password }: ClusterOnDisk,
  env: Readonly<Record<string, string>> = {},
): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  return spawn(process.execPath, [program, dataDir], {
    env: { ...process.env, ...env, MAYFLY_TEST_PASSWORD: password.reveal() },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/**
 * Starts the process and waits until its server takes connections.
 *
 * @throws Error with what the process said, where it did not start one
 */
export async function startServerProcess(
  cluster: ClusterOnDisk,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerInProcess> {
  const child = spawnServerProcess(cluster, env)
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string | undefined]
  const answer = JSON.parse(line ?? '{}') as { pid?: number; port?: number; refused?: string }
  if (answer.pid === undefined || answer.port === undefined)
    throw new Error(answer.refused ?? 'it ended without a word')
  return { process: child, pid: answer.pid, port: answer.port }
}

/** Kills the process as the kernel does when memory runs out, and waits for its end (not for its server's). */
export async function killProcess(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
