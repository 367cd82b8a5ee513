import { readFileSync } from 'node:fs'
import { trustProviderKinds } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { trustProviderOf } from './trust-providers.ts'

const folder = new URL('../../../../../docs/reference/trust-providers/', import.meta.url)
const page = (name: string) => readFileSync(new URL(`${name}.md`, folder), 'utf8')
const headingsOf = (text: string) => [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)

const shape = ['What it proves', 'Claims', 'Settings', 'Strength', 'Limits', 'When it fails']

test.each(trustProviderKinds)('the page of %s has the shape of all', (kind) => {
  const headings = headingsOf(page(kind.replaceAll('_', '-')))
  expect(headings.filter((heading) => shape.includes(heading ?? ''))).toEqual(shape)
})

test.each(trustProviderKinds)('the page of %s says what its proofs are worth at most', (kind) => {
  const { maxStrength, renewal } = trustProviderOf(kind)
  const text = page(kind.replaceAll('_', '-'))
  const [, section = ''] = /## Strength\n([\s\S]*?)\n## /.exec(text) ?? []
  expect(section).toContain(`\`${maxStrength}\``)
  expect(section).toContain('(../strengths.md)')
  expect(renewal).toBe('new_proof')
})
