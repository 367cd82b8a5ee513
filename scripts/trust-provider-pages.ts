/** Writes the table of settings into the page of each kind of trust provider: from the schema that judges them. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { trustProviderKinds } from '@mayfly/domain'
import { z } from 'zod'
import { trustProviderOf } from '../packages/server/src/adapters/trust-providers/trust-providers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Property {
  readonly description?: string
  readonly default?: unknown
  readonly oneOf?: readonly { readonly properties?: Readonly<Record<string, { readonly const?: unknown }>> }[]
  readonly anyOf?: Property['oneOf']
}

export async function trustProviderPages(): Promise<{ path: string; text: string }[]> {
  return Promise.all(
    trustProviderKinds.map(async (kind) => {
      const path = `docs/reference/trust-providers/${kind.replaceAll('_', '-')}.md`
      const present = await readFile(`${root}${path}`, 'utf8')
      return { path, text: withSettings(path, present, settingsTable(trustProviderOf(kind).settings)) }
    }),
  )
}

/** The table stands first below its heading; what a person wrote after it stays. */
function withSettings(path: string, page: string, table: string): string {
  const [, before, section, after] = /^([\s\S]*\n## Settings\n)([\s\S]*?)(\n## [\s\S]*)$/.exec(page) ?? []
  if (before === undefined || section === undefined || after === undefined) {
    throw new Error(`${path} has no section \`Settings\` with another after it`)
  }
  const prose = section.replace(/^\n(\|[^\n]*\n)+/, '').trim()
  return `${before}\n${table}\n${prose === '' ? '' : `\n${prose}\n`}${after}`
}

function settingsTable(schema: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Property>
    required?: readonly string[]
  }
  const rows = Object.entries(properties).map(([name, property]) => {
    const fallback = required.includes(name) ? 'required' : shownDefault(property.default)
    return `| \`${name}\` | ${fallback} | ${meaning(property)} |`
  })
  return ['| setting | default | what it is |', '|---|---|---|', ...rows].join('\n')
}

function shownDefault(value: unknown): string {
  if (value === undefined) return '–'
  return `\`${JSON.stringify(value)}\``
}

function meaning({ description = '', oneOf, anyOf }: Property): string {
  const ways = (oneOf ?? anyOf ?? []).flatMap(({ properties = {} }) => {
    const [tag] = Object.entries(properties).filter(([, { const: constant }]) => constant !== undefined)
    if (tag === undefined) return []
    const others = Object.keys(properties).filter((name) => name !== tag[0])
    const more = others.length === 0 ? '' : ` with ${others.map((name) => `\`${name}\``).join(', ')}`
    return [`\`${tag[0]}: ${String(tag[1].const)}\`${more}`]
  })
  const text = description.replaceAll('|', '\\|')
  return ways.length === 0 ? text : `${text}. One of ${ways.join('; ')}`
}
