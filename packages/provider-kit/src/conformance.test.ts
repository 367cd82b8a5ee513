import { describe, expect, test } from 'vitest'
import { conformanceCases } from './conformance.ts'
import { type Fault, fakeFixture } from './fake-provider.ts'

/** The names of the cases that fail, of those whose name holds `words`. Each works on a target of its own. */
async function failingCases(fault?: Fault, words = ''): Promise<readonly string[]> {
  const names = conformanceCases(fakeFixture())
    .map((one) => one.name)
    .filter((name) => name.includes(words))
  const failed = await Promise.all(
    names.map(async (name) => {
      const one = conformanceCases(fakeFixture(fault)).find((each) => each.name === name)
      return one?.run().then(
        () => [],
        () => [name],
      )
    }),
  )
  return failed.flatMap((some) => some ?? [])
}

describe('the conformance suite', () => {
  test.concurrent('lets an honest provider pass', async () => {
    expect(await failingCases()).toEqual([])
  })

  // Each fault, and the words of a case that must find it.
  const faults: Record<Fault, string> = {
    'accepts any secret': 'a wrong secret does not',
    'revoke does nothing': 'after revoke the login is refused',
    'revoke keeps sessions open': 'revoke ends open sessions',
    'revoke ends all sessions': 'leaves other credentials',
    'revoke fails for an absent account': 'revoking twice',
    'revoke stops at an absent account': 'an absent one among them',
    'reports removed before cut': 'cut is reported before removed',
    'reports the cut too early': 'cut is reported before removed',
    'ends nothing at its end': 'the target ends a credential at its end',
    'observe remembers': 'observe tells the truth',
    'observe always says absent': 'observe tells the truth',
    'leaks the secret in an error': 'no secret is printed',
    'issues a bare string': 'no secret is printed',
    'runs hostile names': 'hostile names',
    'issues the same account again': 'a second issue',
    'shares one secret': 'an account of its own',
    'ignores the deadline': 'whose deadline has passed',
    'ignores the signal': 'aborted signal',
    'renews the dead': 'renew, where offered',
    'lists nothing': 'shows what is there',
    'check leaves its account': 'leaves nothing behind',
    'adopts nothing': 'an adopted login has a new secret',
    'keeps the old secret of its own login': 'the old one is refused',
    'lists an account twice': 'gives each account once',
    'lists after an abort': 'stops when it is told to',
    'reads back any name': 'credentialOf',
    'lists no sessions': 'shows each open session',
    'lists sessions that have ended': 'none that has ended',
    'lists a session under two names': 'shows each open session',
    'cuts no session': 'ends those sessions',
    'cuts all sessions of the account': 'and no others',
    'rotates nothing': 'brings the new secret in force',
    'rotates without overlap': 'brings the new secret in force',
    'keeps what was before': 'endPrevious ends the old one',
    'keeps the sessions of what was before': 'and its sessions',
    'accepts any static secret': 'accepts, where offered',
    'rotates what is not there': 'rotating what is not there',
  }
  test.concurrent.for(Object.entries(faults) as [Fault, string][])(
    'fails a provider that %s',
    async ([fault, words]) => {
      expect(await failingCases(fault, words)).toEqual([expect.stringContaining(words)])
    },
  )
})
