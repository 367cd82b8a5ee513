/** How the demo speaks: numbered steps, what happened in plain words, and measured times. */
import { styleText } from 'node:util'

const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined

function paint(style: 'bold' | 'dim' | 'green' | 'red' | 'cyan', text: string): string {
  return colour ? styleText(style, text) : text
}

let number = 0

export function step(title: string): void {
  number += 1
  console.log(`\n${paint('bold', `${String(number).padStart(2)}  ${title}`)}`)
}

export function say(text: string): void {
  console.log(`    ${text}`)
}

/** Something that Mayfly refused, with the reason that it gave. */
export function refused(text: string): void {
  console.log(`    ${paint('red', 'refused')}  ${text}`)
}

export function done(text: string, ms?: number): void {
  const time = ms === undefined ? '' : paint('cyan', `  ${formatMs(ms)}`)
  console.log(`    ${paint('green', '✓')} ${text}${time}`)
}

export function block(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`    ${paint('dim', line)}`)
}

export function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Runs `work` and tells how long it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const started = performance.now()
  const value = await work()
  return { value, ms: performance.now() - started }
}

/** The demo checks what it tells: a claim that does not hold ends it with an error. */
export function expect(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(`the demo found that this does not hold: ${claim}`)
}
