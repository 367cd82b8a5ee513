/**
 * A place without a network: a network namespace of Linux with nothing in it but loopback.
 *
 * Whatever dials out of it finds no route, and the kernel counts that; so a test can say that nothing even tried.
 */
import { readFile } from 'node:fs/promises'
import { until } from '../support/index.ts'
import { startProcess } from './run-mayfly.ts'

export interface CutOffNetwork extends AsyncDisposable {
  /** What to put before a command so that it runs there. */
  readonly within: readonly string[]
  /** How often something in there tried to reach what is not on this machine. */
  countDials(): Promise<number>
}

/** As root, or where the kernel lets everyone make namespaces. Needs `unshare`, `nsenter` and `ip` (util-linux, iproute2). */
export async function openCutOffNetwork(): Promise<CutOffNetwork> {
  const isRoot = process.getuid?.() === 0
  const own = isRoot ? ['--net'] : ['--user', '--map-current-user', '--keep-caps', '--net']
  // It lives as long as the process that reads from us.
  const holder = startProcess('unshare', [...own, 'sh', '-c', 'ip link set lo up && echo ready && cat'], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
    keepStdinOpen: true,
  })
  await until(
    () => {
      if (holder.child.exitCode !== null) throw new Error(`no network namespace could be made: ${holder.stderr()}`)
      return holder.stdout().startsWith('ready') || undefined
    },
    { describe: 'the network namespace is there', withinMs: 10_000 },
  )
  const pid = holder.child.pid ?? 0
  return {
    within: ['nsenter', `--target=${pid}`, '--net', ...(isRoot ? [] : ['--user', '--preserve-credentials']), '--'],
    async countDials() {
      const [v4, v6] = await Promise.all([
        readFile(`/proc/${pid}/net/snmp`, 'utf8'),
        readFile(`/proc/${pid}/net/snmp6`, 'utf8'),
      ])
      const [names = '', values = ''] = v4.split('\n').filter((line) => line.startsWith('Ip:'))
      const at = names.split(' ').indexOf('OutNoRoutes')
      return Number(values.split(' ')[at]) + Number(/^Ip6OutNoRoutes\s+(\d+)/m.exec(v6)?.[1])
    },
    async [Symbol.asyncDispose]() {
      holder.child.stdin?.end()
      await holder.ended
    },
  }
}
