import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Ran {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, with `input` to read. */
export async function runProgram([command, ...args]: readonly [string, ...string[]], input = ''): Promise<Ran> {
  const child = spawn(command, args, { stdio: 'pipe' })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => void (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
  // One that does not read to the end is told of by how it ends.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stdout, stderr }
}
