import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'

const bin = fileURLToPath(new URL('mayfly.cjs', import.meta.url))
const text = readFileSync(bin, 'utf8').replace(/^#!.*\n/, '')

interface Spawned {
  readonly file: string
  readonly args: readonly string[]
}

/** Runs the guard as if on another Node, and tells what it did. */
function runOn(version: string, execArgv: readonly string[] = []) {
  const written: string[] = []
  const required: string[] = []
  const spawned: Spawned[] = []
  let exitCode: number | undefined
  const child = { on: () => child, kill: () => true }
  runInNewContext(text, {
    __filename: '/opt/mayfly.cjs',
    require: (name: string) => {
      if (name !== 'child_process') return required.push(name)
      return {
        spawn: (file: string, args: readonly string[]) => {
          spawned.push({ file, args: [...args] })
          return child
        },
      }
    },
    process: {
      versions: { node: version },
      argv: ['node', 'mayfly', 'whoami'],
      execArgv,
      execPath: '/opt/node',
      stdin: {},
      stderr: { write: (line: string) => written.push(line) },
      on: () => undefined,
      exit: (code: number) => {
        exitCode ??= code
      },
    },
  })
  return { written, required, spawned, exitCode }
}

test.each(['0.10.48', '12.22.12', '18.20.4', '20.20.2', '22.11.0'])(
  'Node %s is told in one line that it is too old',
  (version) => {
    const { written, required, spawned, exitCode } = runOn(version)
    expect(exitCode).toBe(2)
    expect(written).toEqual([
      `mayfly: error: Node ${version} is too old, 22.12 or newer is needed (inside the repository, \`npx mayfly\` brings its own)\n`,
    ])
    expect([...required, ...spawned]).toEqual([])
  },
)

test.each(['22.12.0', '22.17.1', '23.5.0'])(
  'Node %s is started again with the flag that strips types, once',
  (version) => {
    const { spawned, required } = runOn(version)
    expect(required).toEqual([])
    expect(spawned).toEqual([
      {
        file: '/opt/node',
        args: ['--experimental-strip-types', '--disable-warning=ExperimentalWarning', '/opt/mayfly.cjs', 'whoami'],
      },
    ])
    expect(runOn(version, ['--experimental-strip-types']).required, 'control: no second time').toEqual(['./start.cjs'])
  },
)

test.each(['22.18.0', '23.6.0', '24.0.0', '26.1.0'])('Node %s goes on', (version) => {
  expect(runOn(version)).toMatchObject({ required: ['./start.cjs'], spawned: [], written: [] })
})

test('an old Node of this machine, where there is one, says so itself', async () => {
  for (const node of oldNodes()) {
    const { code, stderr } = await run(node, [bin, 'whoami'])
    expect([code, stderr.split('\n').length], node).toEqual([2, 2])
    expect(stderr).toMatch(/^mayfly: error: Node \S+ is too old/)
  }
})

test('the guard is written so that a Node from 2013 can read it', () => {
  expect(text).not.toMatch(/=>|\b(?:const|let|class|async|await)\b|import\(|`\$\{|\?\./)
})

test('on this Node it runs', async () => {
  const { code, stdout } = await run(process.execPath, [bin, '--version'])
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
})

function run(file: string, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr })
    })
  })
}

/** On the PATH, besides the one that npm brought. */
function oldNodes(): string[] {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  const candidates = folders.map((folder) => join(folder, 'node')).filter((file) => existsSync(file))
  return candidates.filter((file) => {
    const [major = 0, minor = 0] = execFileSync(file, ['-p', 'process.versions.node']).toString().split('.').map(Number)
    return major < 22 || (major === 22 && minor < 12)
  })
}
