import { MayflyError } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { checkParameters } from './check-parameters.ts'

const declared = { region: { one_of: ['eu', 'us'] }, tier: { one_of: ['gold'] } }

function faultsOf(given: Record<string, string>): readonly string[] {
  try {
    checkParameters(declared, given)
    return []
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    return (error.options.fields ?? []).map((field) => field.pointer)
  }
}

test('each parameter must be there, with one of its values', () => {
  expect(faultsOf({ region: 'eu', tier: 'gold' })).toEqual([])
  expect(faultsOf({ region: 'moon', tier: 'gold' })).toEqual(['/parameters/region'])
  expect(faultsOf({ region: 'eu' })).toEqual(['/parameters/tier'])
})

test('what the role does not declare is refused, however it is called', () => {
  expect(faultsOf({ region: 'eu', tier: 'gold', schema: 'public' })).toEqual(['/parameters/schema'])
  expect(faultsOf({ region: 'eu', tier: 'gold', constructor: 'x' })).toEqual(['/parameters/constructor'])
})
