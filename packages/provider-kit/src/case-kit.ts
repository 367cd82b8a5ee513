/** What the files of the conformance suite share: the fixture, and targets that leave nothing behind. */
import { strict as assert } from 'node:assert'
import { setTimeout as delay } from 'node:timers/promises'
import { MayflyError } from '@mayfly/domain'
import type { ConformanceFixture, OpenTarget } from './conformance.ts'
import type { AccountHandle, IssuedAccount } from './provider.ts'

export interface CaseKit<Settings, Permission, SecretFields> {
  readonly fixture: ConformanceFixture<Settings, Permission, SecretFields>
  /** Opens a target; every handle of `plan` is revoked at its end, however the case ends. */
  withTarget(use: (target: OpenTarget<Permission>, plan: () => AccountHandle) => Promise<void>): Promise<void>
  issue(target: OpenTarget<Permission>, handle: AccountHandle): Promise<IssuedAccount>
}

export const neverAborted = new AbortController().signal

export async function rejectsWithMayflyError(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof MayflyError)
}

export async function eventually(describe: string, withinMs: number, ask: () => Promise<boolean>): Promise<void> {
  const endAt = performance.now() + withinMs
  while (!(await ask())) {
    if (performance.now() >= endAt) assert.fail(`waited ${withinMs} ms until ${describe}`)
    await delay(25)
  }
}
