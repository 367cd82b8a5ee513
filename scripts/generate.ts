/**
 * Writes what is made from something else: the types of the tables, the OpenAPI document, the client's types, and the
 * reference pages. `--check` compares instead, and fails where one is stale.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeCommands } from '../packages/cli/src/describe-commands.ts'
import { Secret } from '../packages/provider-kit/src/secret.ts'
import { cedarSchema } from '../packages/server/src/adapters/cedar/cedar-schema.ts'
import { startEmbeddedPostgres } from '../packages/server/src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { migrate } from '../packages/server/src/store/migrate.ts'
import { makeOpenApiDocument } from '../packages/server/src/surfaces/http/routes.ts'
import { openApiTypes } from '../tools/openapi-types/openapi-types.ts'
import { validateOpenApi } from '../tools/openapi-types/validate-openapi.ts'
import { configReference } from './config-reference.ts'
import { conformanceReference } from './conformance-reference.ts'
import { errorReference } from './error-reference.ts'
import { guaranteesReference } from './guarantees-reference.ts'
import { hostAgentReference } from './host-agent-reference.ts'
import { schemaTypes } from './schema-types.ts'
import { trustProviderPages } from './trust-provider-pages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Made {
  readonly path: string
  readonly text: string
}

async function schema(): Promise<Made[]> {
  // Made by the server itself: as root it belongs to another user, who must be able to enter it.
  const dataDir = join(tmpdir(), `mayfly-schema-${randomBytes(8).toString('hex')}`)
  const superuserPassword = new Secret(randomBytes(32).toString('base64url'))
  try {
    const server = await startEmbeddedPostgres({ dataDir, superuserPassword, durable: false })
    try {
      const url = server.connectionUrl(server.superuser, superuserPassword, 'postgres')
      await migrate(url)
      return [{ path: 'packages/server/src/store/schema.gen.ts', text: await schemaTypes(url) }]
    } finally {
      await server.stop('immediate')
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function api(): Promise<Made[]> {
  const document = makeOpenApiDocument()
  const text = `${JSON.stringify(document, null, 2)}\n`
  const faults = await validateOpenApi(text)
  if (faults.length > 0) throw new Error(`the document is not OpenAPI 3.1:\n  ${faults.join('\n  ')}`)
  return [
    { path: 'docs/reference/openapi.json', text },
    { path: 'packages/client/src/api.gen.ts', text: await openApiTypes(document) },
  ]
}

async function pages(): Promise<Made[]> {
  return [
    ...(await trustProviderPages()),
    { path: 'docs/reference/errors.md', text: errorReference() },
    { path: 'docs/reference/config.md', text: configReference() },
    { path: 'docs/reference/cli.md', text: describeCommands() },
    { path: 'docs/reference/host-agent.md', text: hostAgentReference() },
    { path: 'packages/server/policies/mayfly.cedarschema', text: cedarSchema() },
    guaranteesReference(root),
    ...conformanceReference(root),
  ]
}

async function isStale({ path, text }: Made): Promise<boolean> {
  const present = await readFile(join(root, path), 'utf8').catch(() => '')
  return present !== text
}

const made = (await Promise.all([schema(), api(), pages()])).flat()
const stale: Made[] = []
for (const one of made) if (await isStale(one)) stale.push(one)

if (process.argv.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is stale`)
  if (stale.length > 0) console.error('run `npm run generate` and commit what it writes')
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const { path, text } of stale) {
    await writeFile(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}
