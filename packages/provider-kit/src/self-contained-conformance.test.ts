import { expect, test } from 'vitest'
import { conformanceCases } from './conformance.ts'
import { fakeFixture } from './fake-provider.ts'
import { fakeSelfContainedFixture, type SelfContainedFault } from './fake-self-contained.ts'
import { accountCasesForSelfContained, selfContainedCases } from './self-contained-conformance.ts'

async function failingCases(fault?: SelfContainedFault): Promise<readonly string[]> {
  const failed = await Promise.all(
    selfContainedCases(fakeSelfContainedFixture(fault)).map((one) =>
      one.run().then(
        () => [],
        () => [one.name],
      ),
    ),
  )
  return failed.flat()
}

test.concurrent('the suite for self-contained kinds lets an honest provider pass', async () => {
  expect(await failingCases()).toEqual([])
})

// Each fault, and the words of a case that must find it.
const faults: Record<SelfContainedFault, string> = {
  'signs nothing': 'neither a changed one',
  'is for everyone': 'nor one that is not for them',
  'calls removed what is not published': 'nothing is called removed before',
  'never hears of an end': 'the stated limit is true',
  'tells of an end in one of its ways': 'the stated limit is true',
  'stops at one that lives': 'does not hold up the others',
  'observe always says usable': 'observe asks each time',
  'never expires': 'refuses it at its end',
  'takes any permission': 'hostile permissions',
  'signs without a statement': 'without a statement',
  'ignores the signal': 'aborted signal',
  'leaks the token in an error': 'no secret is printed',
  'states no limit': 'what stays possible after an end',
  'checks nothing and is content': 'says what it cannot see',
}
test.concurrent.for(Object.entries(faults) as [SelfContainedFault, string][])(
  'the suite for self-contained kinds fails a provider that %s',
  async ([fault, words]) => {
    expect(await failingCases(fault)).toEqual(expect.arrayContaining([expect.stringContaining(words)]))
  },
)

test('of each case of the account suite it is said whether it is asked of self-contained kinds, and why not', () => {
  const asked = selfContainedCases(fakeSelfContainedFixture()).map((one) => one.name)
  const all = conformanceCases(fakeFixture()).map((one) => one.name)
  expect(Object.keys(accountCasesForSelfContained).toSorted()).toEqual(all.toSorted())
  const named = Object.values(accountCasesForSelfContained).flatMap((what) => ('as' in what ? [what.as] : []))
  expect(asked).toEqual(expect.arrayContaining(named))
})
