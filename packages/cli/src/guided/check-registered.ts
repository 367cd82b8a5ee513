/** `resource check`, and what it found, for a person. */
import { answerOf, type MayflyClient } from '@mayfly/client'
import { formatTable } from '../format-table.ts'

export type Checked = Awaited<ReturnType<typeof checkRegistered>>

export async function checkRegistered(api: MayflyClient, ref: string) {
  return answerOf(api.POST('/v1/resources/{ref}/check', { params: { path: { ref } } }))
}

export function findingsTable(findings: NonNullable<Checked['check']>): string {
  return formatTable(
    ['outcome', 'check', 'what'],
    findings.map(({ outcome, check: name, detail, hint }) => [outcome, name, hint ? `${detail}; ${hint}` : detail]),
  )
}
