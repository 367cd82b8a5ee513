import { ProblemError } from '@mayfly/client'
import { MayflyError, type ProblemCode, problems } from '@mayfly/domain'
import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { describeFailure } from './describe-failure.ts'
import { OAuthRefusal } from '@mayfly/client/login'
import { UsageError } from './usage-error.ts'

function problem(code: ProblemCode, more: object = {}): ProblemError {
  const { status, title, retry } = problems[code]
  return new ProblemError({ code, status, message: title, retry, ...more })
}

describe('the exit code says what a script can do about it', () => {
  test.each([
    [new UsageError('wrong'), 2],
    [new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'"), 2],
    [problem('policy_denied'), 3],
    [problem('token_invalid'), 3],
    [new OAuthRefusal(401, { error: 'invalid_client', error_description: 'no' }), 3],
    [new OAuthRefusal(429, { error: 'temporarily_unavailable' }), 4],
    [problem('target_unreachable'), 4],
    [problem('rate_limited'), 4],
    [problem('name_taken'), 1],
    [new MayflyError('audit_verification_failed'), 1],
    [new Error('a bug'), 1],
  ])('%s', (error, exitCode) => {
    expect(describeFailure(error)?.exitCode).toBe(exitCode)
  })
})

test('a denial leads to its explanation', () => {
  const denied = problem('policy_denied', { problem: { decision_id: '0197a4' } })
  expect(describeFailure(denied)?.hint).toBe('run `mayfly explain 0197a4` to see which policies decided')
})

test('a misspelling leads to what was meant', () => {
  const error = new CommanderError(
    1,
    'commander.unknownOption',
    "error: unknown option '--jsno'\n(Did you mean --json?)",
  )
  expect(describeFailure(error)).toMatchObject({ message: 'unknown option `--jsno`', hint: 'did you mean `--json`?' })
})

test('a certificate that is not trusted leads to the authority, not to a way around it', () => {
  const cause = Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(describeFailure(new TypeError('fetch failed', { cause }))?.hint).toContain('NODE_EXTRA_CA_CERTS')
})
