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

test('what a schema refuses stands below its field, unknown members with what may be meant, escaped (RFC 6901)', () => {
  const faults = collectFaults()
  const schema = z.strictObject({ tls: z.object({ mode: z.literal('on') }), port: z.int() })
  expect(faults.parse('/settings', schema, { tls: { mode: 'off' }, prot: 1, 'a/b~': 1 })).toBeUndefined()
  expect(refusal(faults).fields).toEqual(
    expect.arrayContaining([
      { pointer: '/settings/tls/mode', detail: 'must be `on`' },
      { pointer: '/settings/port', detail: 'is required' },
      { pointer: '/settings/prot', detail: 'is not known (did you mean `port`?)' },
      { pointer: '/settings/a~1b~0', detail: 'is not known' },
    ]),
  )
  expect(collectFaults().parse('', schema, { tls: { mode: 'on' }, port: 1 })).toEqual({ tls: { mode: 'on' }, port: 1 })
})
