import type { MayflyError } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { collectFaults } from './faults.ts'

function refusal(faults: ReturnType<typeof collectFaults>): MayflyError['options'] {
  try {
    faults.refuse()
  } catch (error) {
    return (error as MayflyError).options
  }
  return {}
}

test('all faults come at once, the first in the message', () => {
  const faults = collectFaults()
  faults.add('/name', undefined)
  expect(refusal(faults), 'no fault, no refusal').toEqual({})
  faults.add('/name', 'is empty')
  faults.add('/purpose', 'says too little')
  expect(refusal(faults)).toEqual({
    publicDetail: '`/name` is empty (and 1 more)',
    fields: [
      { pointer: '/name', detail: 'is empty' },
      { pointer: '/purpose', detail: 'says too little' },
    ],
  })
})

test('the issues of a schema stand below their field, unknown keys each by name, escaped (RFC 6901)', () => {
  const faults = collectFaults()
  const parsed = z
    .strictObject({ tls: z.object({ mode: z.literal('on') }) })
    .safeParse({ tls: { mode: 'off' }, 'a/b~': 1 })
  if (!parsed.success) faults.addIssues('/settings', parsed.error)
  expect(
    refusal(faults)
      .fields?.map((field) => field.pointer)
      .toSorted(),
  ).toEqual(['/settings/a~1b~0', '/settings/tls/mode'])
})
