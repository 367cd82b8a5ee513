/**
 * In a namespace of numbers of its own: holds a process, ends it, has its number given to another, and tells what the
 * one that is held says of itself. Outside of such a namespace any other process of the machine may be given the number.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { openProcess } from '../../../packages/host-agent/src/process/process-handle.ts'

export interface NumberGivenAgain {
  /** Of the held process: as long as it lived, and with its number given to another. */
  readonly faults: { readonly alive: string | null; readonly givenAgain: string | null }
  readonly instances: { readonly held: string; readonly fresh: string }
}

const peerOf = (pid: number) => ({ pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 })

function hold(pid: number) {
  const held = openProcess(peerOf(pid), undefined)
  if (typeof held === 'string') throw new Error(`the process ${pid} cannot be held (${held})`)
  return held
}

/** Its first line says that it runs: before its exec it was another program. */
async function startChild() {
  const child = spawn('/bin/sh', ['-c', 'echo runs; read -r end'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  if (child.pid === undefined) throw new Error('the child has no number')
  return { pid: child.pid, end: () => (child.kill('SIGKILL'), once(child, 'exit')) }
}

/** Since the boot, in hundredths of a second: what tells one start from the next. */
const readTick = () => readFileSync('/proc/uptime', 'latin1').split(' ', 1)[0]

const first = await startChild()
const tick = readTick()
const held = hold(first.pid)
const alive = held.findFault() ?? null
await first.end()
while (readTick() === tick);
// The kernel gives the number after this one: needs root, or CAP_CHECKPOINT_RESTORE.
writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1))
const second = await startChild()
if (second.pid !== first.pid) throw new Error(`the number ${first.pid} was not given again, but ${second.pid}`)
const fresh = hold(second.pid)
const told: NumberGivenAgain = {
  faults: { alive, givenAgain: held.findFault() ?? null },
  instances: { held: held.instance, fresh: fresh.instance },
}
await second.end()
process.stdout.write(`${JSON.stringify(told)}\n`)
