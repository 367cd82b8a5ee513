/**
 * One instance of Cedar's WebAssembly.
 *
 * Promise: each call gives an instance of its own that has passed a self-test.
 * Reason: text that is nested too deeply makes an instance trap, and after that it answers nothing any more (seen with
 * 200 parentheses, cedar-wasm 4.13). A module that can only be loaded once would then deny until a restart.
 */
import { createRequire } from 'node:module'
import { MayflyError } from '@mayfly/domain'
import type * as CedarModule from '@cedar-policy/cedar-wasm/nodejs'

export type Cedar = typeof CedarModule

const require = createRequire(import.meta.url)

/** @throws MayflyError `decision_engine_failed`: it cannot be loaded, or answers wrongly */
export function openCedar(): Cedar {
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs')
  // The package makes its instance when its module is evaluated; evaluated again, it makes another.
  delete require.cache[path]
  try {
    const cedar = require(path) as Cedar
    selfTest(cedar)
    return cedar
  } catch (cause) {
    if (cause instanceof MayflyError) throw cause
    throw new MayflyError('decision_engine_failed', { log: 'cedar cannot be loaded', cause })
  } finally {
    delete require.cache[path]
  }
}

const testPolicies = `@id("permit") permit (principal == U::"a", action, resource);
@id("forbid") forbid (principal, action, resource == R::"closed");
@id("error") permit (principal == U::"e", action, resource) when { context.missing };`

/** Four questions with known answers: permit, forbid, no match, and an error that is told. */
export function selfTest(cedar: Cedar): void {
  const ask = (principal: string, resource: string) => {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: 'U', id: principal },
      action: { type: 'Action', id: 'test' },
      resource: { type: 'R', id: resource },
      context: {},
      preparsedPolicySetId: 'self-test',
      entities: [],
    })
    if (answer.type === 'failure') return 'failure'
    const { decision, diagnostics } = answer.response
    return `${decision} ${diagnostics.reason.join()} ${diagnostics.errors.length}`
  }
  const parsed = cedar.preparsePolicySet('self-test', { staticPolicies: testPolicies })
  const answers = [ask('a', 'open'), ask('a', 'closed'), ask('b', 'open'), ask('e', 'open')].join('; ')
  if (parsed.type !== 'success' || answers !== 'allow policy0 0; deny policy1 0; deny  0; deny  1') {
    throw new MayflyError('decision_engine_failed', { log: `cedar failed its self-test: ${answers}` })
  }
}
