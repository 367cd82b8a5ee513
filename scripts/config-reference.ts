import { behindTlsProxyConsent, environmentSchema } from '../packages/server/src/composition/config.ts'

/** docs/reference/config.md, from the schema that reads the configuration. */
export function configReference(): string {
  const sections = Object.entries(environmentSchema.shape).map(([key, schema]) => {
    const { description, shown } = schema.meta() ?? {}
    const text = description ?? ''
    const standard = typeof shown === 'string' ? shown : 'not set'
    return `## ${key}\n\n${text.charAt(0).toUpperCase()}${text.slice(1)}.\n\nDefault: ${standard}.\n`
  })
  return [
    '<!-- Made by `npm run generate` from packages/server/src/composition/config.ts. Do not edit. -->',
    '',
    '# Configuration',
    '',
    'The server reads environment variables, once, before anything starts. All faults are told at once; a misspelt `MAYFLY_`',
    'key is a fault. `mayfly server --check-config` reads them and starts nothing.',
    '',
    'Without any of them the server listens on `127.0.0.1:7420` with an embedded PostgreSQL. Off loopback it needs a',
    `certificate, or \`MAYFLY_BEHIND_TLS_PROXY=${behindTlsProxyConsent}\`.`,
    '',
    ...sections,
  ].join('\n')
}
