/**
 * `npm run check`: everything that needs no running service, side by side, in well under 40 s.
 * Each step is a command of its own, so that a red one can be run again alone.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Step {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

interface Outcome {
  readonly step: Step
  readonly code: number
  readonly seconds: number
  readonly output: string
}

const root = fileURLToPath(new URL('..', import.meta.url))

const steps: readonly Step[] = [
  { name: 'unit tests', command: ['vitest', 'run'] },
  { name: 'lint and import rules', command: ['oxlint'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'schema, reference and client in sync', command: ['node', 'scripts/generate.ts', '--check'] },
  { name: 'documents', command: ['node', 'scripts/check-docs.ts'] },
]

async function run(step: Step): Promise<Outcome> {
  const started = performance.now()
  const [file, ...args] = step.command
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`))
      resolve(127)
    })
    child.on('close', (exit) => resolve(exit ?? 1))
  })
  const seconds = (performance.now() - started) / 1000
  const outcome = { step, code, seconds, output: Buffer.concat(chunks).toString() }
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${step.name} (${seconds.toFixed(1)} s)`)
  if (code !== 0) console.log(`      again alone: npx ${step.command.join(' ')}\n${outcome.output}`)
  return outcome
}

// Two at a time: more only share the same two cores, and the slowest goes first.
const waiting = [...steps]
const outcomes: Outcome[] = []
async function lane(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) outcomes.push(await run(step))
}
const started = performance.now()
await Promise.all([lane(), lane()])

const failed = outcomes.filter((outcome) => outcome.code !== 0)
const unit = outcomes.find((outcome) => outcome.step.name === 'unit tests')
const summary = unit?.output.match(/^\s*(Test Files|Tests) .*$/gm) ?? []
for (const line of summary) console.log(line)
console.log(
  `check: ${outcomes.length - failed.length} passed, ${failed.length} failed in ${((performance.now() - started) / 1000).toFixed(1)} s`,
)
process.exitCode = failed.length === 0 ? 0 : 1
