/** TypeScript types of an OpenAPI document. In a workspace of its own because the generator needs TypeScript 5. */
import openapiTS, { astToString } from 'openapi-typescript'

/** @param document the document as parsed JSON */
export async function openApiTypes(document: object): Promise<string> {
  const ast = await openapiTS(JSON.stringify(document), { silent: true, alphabetize: false })
  return `// Made by \`npm run generate\` from docs/reference/openapi.json. Do not edit.\n\n${astToString(ast)}`
}
