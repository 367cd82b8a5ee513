import { expect, test } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

const known = ['owner', 'environment', 'expires_at', 'MAYFLY_LISTEN', 'MAYFLY_PUBLIC_URL']

test('finds the word that was meant, and nothing where none is near', () => {
  expect(didYouMean('onwer', known)).toBe('owner')
  expect(didYouMean('enviroment', known)).toBe('environment')
  expect(didYouMean('expiresAt', known)).toBe('expires_at')
  expect(didYouMean('MAYFLY_LISTN', known)).toBe('MAYFLY_LISTEN')
  expect(didYouMean('colour', known)).toBeUndefined()
  expect(didYouMean('x', known)).toBeUndefined()
})
