import { expect, test } from 'vitest'
import { z } from 'zod'
import { missingQuestions } from './questions.ts'

const schema = z.toJSONSchema(
  z.strictObject({
    host: z.string().meta({ description: 'where it is' }),
    port: z.int().default(5432),
    tls: z
      .discriminatedUnion('mode', [
        z.strictObject({ mode: z.literal('verify'), ca_pem: z.string() }),
        z.strictObject({ mode: z.literal('off') }),
      ])
      .optional(),
    rights: z.discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('functions') }),
      z.strictObject({ mode: z.literal('roles'), names: z.array(z.string()) }),
    ]),
    level: z.enum(['low', 'high']),
  }),
  { io: 'input' },
) as Record<string, unknown>

test('asks for what is required and not given, and for nothing that has a default', () => {
  expect(missingQuestions(schema, {})).toEqual([
    { path: ['host'], kind: 'text', help: 'where it is' },
    { path: ['rights', 'mode'], kind: 'choice', choices: ['functions', 'roles'] },
    { path: ['level'], kind: 'choice', choices: ['low', 'high'] },
  ])
})

test('an answer can open further questions', () => {
  const given = { host: 'db', level: 'low', rights: { mode: 'roles' }, tls: { mode: 'verify' } }
  expect(missingQuestions(schema, given)).toEqual([
    { path: ['tls', 'ca_pem'], kind: 'text' },
    { path: ['rights', 'names'], kind: 'list' },
  ])
})

test('when all is there nothing is asked', () => {
  expect(missingQuestions(schema, { host: 'db', level: 'low', rights: { mode: 'functions' } })).toEqual([])
})
