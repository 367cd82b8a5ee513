/** Who is at the other end: real processes, real sockets, what the kernel says of them. */
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { chmod, copyFile, rename, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { status as codes } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { describeProcess } from '../../../packages/host-agent/src/index.ts'
import { openProcess } from '../../../packages/host-agent/src/process/process-handle.ts'
import { makeTempDir, until } from '../../support/index.ts'
import { type HostAgentWorld, ownUid, startHostAgentWorld } from './host-agent-fixture.ts'
import type { NumberGivenAgain } from './number-given-again.ts'
import type { Order, Report } from './workload-process.ts'

const program = fileURLToPath(new URL('workload-process.ts', import.meta.url))
const cap = 1 << 30
const sleep = '/bin/sleep'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface WorkloadProcess {
  readonly pid: number
  readonly reports: readonly Report[]
  order(order: Order): void
  told<K extends Report['told']>(kind: K, index?: number): Promise<Extract<Report, { told: K }>>
}

async function startWorkload(
  world: HostAgentWorld,
  options: { uid?: number; gid?: number } = {},
): Promise<WorkloadProcess> {
  const child = fork(program, [world.socketPath], { ...options, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  children.push(child)
  const reports: Report[] = []
  child.on('message', (report: Report) => reports.push(report))
  const told = <K extends Report['told']>(kind: K, index = 0) =>
    until(() => reports.filter((one): one is Extract<Report, { told: K }> => one.told === kind)[index], {
      describe: `the workload tells \`${kind}\``,
      withinMs: 15_000,
    })
  await told('ready')
  return { pid: child.pid ?? 0, reports, order: (order) => void child.send(order), told }
}

function startProgram(file: string, args: readonly string[]): { pid: number; child: ChildProcess } {
  const child = spawn(file, args, { stdio: 'ignore' })
  children.push(child)
  if (child.pid === undefined) throw new Error(`${file} could not be started`)
  return { pid: child.pid, child }
}

async function selectorsOf(pid: number): Promise<readonly string[]> {
  const described = await describeProcess(pid, cap)
  if (typeof described === 'string') throw new Error(described)
  return described.selectors
}

async function sha256Of(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer)
  return digest.digest('hex')
}

/** The link of a fresh process leads to `sleep` only after its exec. */
async function hasBecome(pid: number, path: string): Promise<void> {
  const { readlinkSync } = await import('node:fs')
  await until(() => readlinkSync(`/proc/${pid}/exe`) === path, { describe: `the process runs ${path}` })
}

test('a process is told by user, group, program and its digest; another user does not get what is this one’s', async () => {
  await using world = await startHostAgentWorld({
    bind: [
      { identity: 'of-root', selectors: [`unix:uid:${ownUid}`, `unix:path:${process.execPath}`] },
      { identity: 'of-nobody', selectors: ['unix:uid:65534', 'unix:gid:65534'] },
    ],
  })
  const own = await startWorkload(world)
  own.order({ do: 'watch' })
  expect((await own.told('svids')).spiffeIds).toEqual([world.server.spiffeId('of-root')])
  const { selectors } = world.server.asked.find(({ instance }) => instance.includes(`/${own.pid}/`)) ?? {
    selectors: [],
  }
  expect(selectors).toEqual(
    expect.arrayContaining([
      `unix:uid:${ownUid}`,
      `unix:gid:${process.getgid?.()}`,
      `unix:path:${process.execPath}`,
      `unix:sha256:${await sha256Of(process.execPath)}`,
    ]),
  )
  const name = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === String(ownUid))
  expect(selectors).toContain(`unix:user:${name?.split(':')[0]}`)

  const other = await startWorkload(world, { uid: 65534, gid: 65534 })
  other.order({ do: 'watch' })
  expect((await other.told('svids')).spiffeIds, 'the other user has its own').toEqual([
    world.server.spiffeId('of-nobody'),
  ])
})

test('a process that becomes another program loses its streams, and what it is now is judged anew', async () => {
  await using world = await startHostAgentWorld({
    bind: [{ identity: 'node-only', selectors: [`unix:path:${process.execPath}`] }],
  })
  const workload = await startWorkload(world)
  workload.order({ do: 'watch' })
  await workload.told('svids')
  const gone = () =>
    world.logLines.find((line) => line.includes('"workload_gone"') && line.includes(`"pid":${workload.pid},`))
  expect(gone(), 'control: as long as it is what it was').toBeUndefined()
  workload.order({ do: 'exec', file: sleep, args: ['60'] })
  await until(gone, { describe: 'the agent noticed' })
  expect(gone()).toContain('executable_changed')
  const now = await selectorsOf(workload.pid)
  expect(now).not.toContain(`unix:path:${process.execPath}`)
})

test('a connection of a process that has gone serves nobody who kept it open', async () => {
  await using world = await startHostAgentWorld()
  const dir = await makeTempDir('heir')
  const own = await startWorkload(world)
  own.order({ do: 'watch' })
  expect((await own.told('svids')).spiffeIds, 'control: who lives is served').toHaveLength(1)
  const dying = await startWorkload(world)
  dying.order({ do: 'bequeath', resultFile: join(dir, 'result') })
  const result = await until(() => existsSync(join(dir, 'result')) && readFileSync(join(dir, 'result'), 'utf8'), {
    describe: 'the heir has tried',
    withinMs: 15_000,
  })
  expect(['cut', String(codes.PERMISSION_DENIED)]).toContain(result)
})

test('a number that was given to another process is not taken for the first one', async () => {
  const script = fileURLToPath(new URL('number-given-again.ts', import.meta.url))
  const own = ['--pid', '--fork', '--mount-proc', '--kill-child']
  const { stdout } = await promisify(execFile)('/usr/bin/unshare', [...own, process.execPath, script])
  const { faults, instances } = JSON.parse(stdout) as NumberGivenAgain
  expect(faults.givenAgain).toBe('process_gone')
  expect(faults.alive, 'control: as long as it lived').toBeNull()
  expect(instances.fresh, 'control: the new one can be held').not.toBe(instances.held)
})

test('a process is what it was only with the user that it connected as', async () => {
  const { pid } = startProgram(sleep, ['60'])
  await hasBecome(pid, await realPath(sleep))
  const gid = process.getgid?.() ?? 0
  expect(openProcess({ pid, uid: 4_242, gid }, undefined)).toBe('user_changed')
  const held = openProcess({ pid, uid: ownUid, gid }, undefined)
  expect(typeof held, 'control: with its own').toBe('object')
  if (typeof held !== 'string') held.close()
})

test('a program that was replaced has no path, and the digest of what runs', async () => {
  const dir = await makeTempDir('replaced')
  const path = join(dir, 'service')
  await copyFile(sleep, path)
  const { pid } = startProgram(path, ['60'])
  await hasBecome(pid, path)
  const digest = await sha256Of(sleep)
  expect(await selectorsOf(pid), 'control: before').toEqual(
    expect.arrayContaining([`unix:path:${path}`, `unix:sha256:${digest}`]),
  )
  await copyFile('/bin/true', join(dir, 'other'))
  await rename(join(dir, 'other'), path)
  const after = await selectorsOf(pid)
  expect(after.filter((one) => one.startsWith('unix:path:'))).toEqual([])
  expect(after).toContain(`unix:sha256:${digest}`)
})

test('a program in a mount namespace of its own has no path, whatever it calls itself there', async () => {
  const dir = await makeTempDir('namespace')
  const path = join(dir, 'trusted')
  await copyFile('/bin/true', path)
  await chmod(path, 0o755)
  const script = `mount --bind ${sleep} ${path} && exec ${path} 60`
  const { pid } = startProgram('/usr/bin/unshare', ['--mount', '--propagation', 'private', '/bin/sh', '-c', script])
  await hasBecome(pid, path)
  const selectors = await selectorsOf(pid)
  expect(selectors.filter((one) => one.startsWith('unix:path:'))).toEqual([])
  expect(selectors, 'control: the digest tells what it is').toContain(`unix:sha256:${await sha256Of(sleep)}`)
})

test('a program larger than the cap has no digest', async () => {
  const { pid } = startProgram(sleep, ['60'])
  await hasBecome(pid, await realPath(sleep))
  const small = await describeProcess(pid, 10)
  expect(typeof small === 'string' ? small : small.selectors.some((one) => one.startsWith('unix:sha256:'))).toBe(false)
  expect(
    (await selectorsOf(pid)).some((one) => one.startsWith('unix:sha256:')),
    'control: without it',
  ).toBe(true)
})

test('the socket of a running agent is not taken over; one that was left behind is', async () => {
  await using world = await startHostAgentWorld()
  const { listen } = await import('../../../packages/host-agent/src/socket/listen.ts')
  const log = { info: () => {}, warn: () => {} }
  const options = { path: world.socketPath, mode: 0o600, log }
  await expect(listen(options, () => {})).rejects.toThrow('another agent listens')
  const dir = await makeTempDir('left-behind')
  const path = join(dir, 'agent.sock')
  const dead = startProgram(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)})`])
  await until(() => existsSync(path), { describe: 'the socket is there' })
  dead.child.kill('SIGKILL')
  await once(dead.child, 'exit')
  const server = await listen({ ...options, path }, (socket) => socket.end('hello'))
  const socket = connect(path)
  expect(String((await once(socket, 'data'))[0])).toBe('hello')
  socket.destroy()
  server.close()
  const open = await makeTempDir('open')
  await chmod(open, 0o777)
  await expect(listen({ ...options, path: join(open, 'a.sock') }, () => {})).rejects.toThrow('others may write')
  await symlink('/dev/null', join(dir, 'link'))
  await expect(listen({ ...options, path: join(dir, 'link') }, () => {})).rejects.toThrow('is no socket')
})

async function realPath(path: string): Promise<string> {
  const { realpath } = await import('node:fs/promises')
  return realpath(path)
}
