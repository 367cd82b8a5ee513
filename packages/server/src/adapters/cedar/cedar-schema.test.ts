import { readFile } from 'node:fs/promises'
import { actionNames } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { openCedar } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'

test('the schema is valid and knows every action', () => {
  const parsed = openCedar().schemaToJson(cedarSchema())
  if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
  expect(Object.keys(parsed.json['']?.actions ?? {}).toSorted()).toEqual(actionNames.toSorted())
})

test('the published schema is the one that policies are checked against', async () => {
  const published = await readFile(new URL('../../../policies/mayfly.cedarschema', import.meta.url), 'utf8')
  expect(published, 'run `npm run generate`').toBe(cedarSchema())
})
