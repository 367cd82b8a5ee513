import { type ConfigFields, configFields } from '../packages/host-agent/src/config/config-fields.ts'

/** docs/reference/host-agent.md, from the table that checks the configuration. */
export function hostAgentReference(): string {
  return [
    '<!-- Made by `npm run generate` from packages/host-agent/src/config/config-fields.ts. Do not edit. -->',
    '',
    '# Configuration of the host agent',
    '',
    'A YAML or JSON file, given by `mayfly host-agent --config FILE`. All faults are told at once, and a misspelt field is a fault.',
    'What is typed (`--url`, `--as`, `--key-file`, `--token-file`, `--socket`, `--trust-provider`, `--grace`) stands above it. How to run',
    'one: [run the host agent](../guides/run-the-host-agent.md).',
    '',
    ...describe(configFields, ''),
  ].join('\n')
}

function describe(fields: ConfigFields, at: string): readonly string[] {
  const rows = Object.entries(fields).map(([name, field]) => {
    const range = field.kind === 'whole number' ? ` from ${field.least ?? 0} to ${field.most ?? 'any'}` : ''
    const standard = field.isRequired === true ? 'required' : field.default === undefined ? '–' : `\`${field.default}\``
    return `| \`${name}\` | ${field.kind}${range} | ${standard} | ${field.about} |`
  })
  const nested = Object.entries(fields).flatMap(([name, { kind, fields: inner }]) => {
    if (inner === undefined) return []
    const path = `${at}${name}${kind === 'list of objects' ? '[]' : ''}`
    return [`## \`${path}\``, '', ...describe(inner, `${path}.`)]
  })
  return ['| field | is | default | |', '|---|---|---|---|', ...rows, '', ...nested]
}
