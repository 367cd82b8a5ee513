import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { askedAfterwards, missingQuestions, questionAt } from './questions.ts'

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

describe('what may be left out and is asked all the same', () => {
  const hinted = z.toJSONSchema(
    z.strictObject({
      hosts: z
        .array(
          z.strictObject({
            address: z.string(),
            port: z.int().default(22).meta({ asked: true, description: 'where it listens' }),
          }),
        )
        .default([])
        .meta({ asked: 'afterwards' }),
      uses: z.array(z.enum(['server', 'client'])),
      note: z.string().optional().meta({ asked: true }),
    }),
    { io: 'input' },
  ) as Record<string, unknown>

  test('comes with what it is then, and is not asked again when it was left out', () => {
    expect(missingQuestions(hinted, {})).toEqual([
      { path: ['uses'], kind: 'list', choices: ['server', 'client'] },
      { path: ['note'], kind: 'text', fallback: { value: undefined } },
    ])
    expect(missingQuestions(hinted, { uses: ['server'], note: undefined })).toEqual([])
  })

  test('items of a list are asked for member by member', () => {
    const given = { uses: [], note: 'x', hosts: [{ address: 'a', port: 1 }, {}] }
    expect(missingQuestions(hinted, given)).toEqual([
      { path: ['hosts', '1', 'address'], kind: 'text' },
      { path: ['hosts', '1', 'port'], kind: 'whole', help: 'where it listens', fallback: { value: 22 } },
    ])
  })

  test('what comes afterwards is named where it was not given', () => {
    expect(askedAfterwards(hinted, {})).toEqual(['hosts'])
    expect(askedAfterwards(hinted, { hosts: [] })).toEqual([])
  })

  test('a place has its question, whatever was answered there; no place has none', () => {
    expect(questionAt(hinted, ['hosts', '0', 'port'], { hosts: [{ port: 'x' }] })).toMatchObject({ kind: 'whole' })
    expect(questionAt(hinted, ['colour'], { colour: 'red' })).toBeUndefined()
    expect(questionAt(hinted, [], {})).toBeUndefined()
    expect(questionAt(schema, ['rights', 'names'], { rights: { mode: 'roles' } })).toMatchObject({ kind: 'list' })
  })
})

test('what was given whole, as the text of a file, is not asked for', () => {
  expect(missingQuestions(schema, { host: 'db', level: 'low', rights: 'read from a file' })).toEqual([])
})
