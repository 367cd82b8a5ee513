/** Whether a document is OpenAPI 3.1, by rules that somebody else wrote (Redocly's): ours would share our mistakes. */
import { createConfig, lintFromString } from '@redocly/openapi-core'

const rules = {
  struct: 'error',
  'no-unresolved-refs': 'error',
  'no-identical-paths': 'error',
  'operation-operationId-unique': 'error',
  'operation-parameters-unique': 'error',
  'path-parameters-defined': 'error',
  'security-defined': 'error',
  'no-invalid-schema-examples': 'error',
} as const

/** @returns what is wrong, a line each; empty where nothing is */
export async function validateOpenApi(text: string): Promise<readonly string[]> {
  const config = await createConfig({ rules })
  const problems = await lintFromString({ source: text, config, absoluteRef: '/openapi.json' })
  return problems.map(({ ruleId, message, location }) => `${location[0]?.pointer ?? '#/'}: ${message} (${ruleId})`)
}
