/**
 * Brings the registry to what a manifest says: plan, or apply.
 *
 * Promise: a plan is an apply that is undone, so it shows exactly what applying would do, refusals and endings included;
 * all or nothing, in one transaction; every fault at once, by its place in the file; applied again it changes nothing.
 * What the file does not name stays as it is.
 * Exception to one change, one entry: each changed object has its own, and `manifest.applied` sums them up.
 */
import { createHash } from 'node:crypto'
import {
  canonicalJson,
  expandManifest,
  type FieldProblem,
  type JsonObject,
  type ManifestItem,
  type ManifestSection,
  MayflyError,
  problems,
} from '@mayfly/domain'
import { sql } from 'kysely'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { applyItem } from './apply-item.ts'
import type { Change, Changed } from './change.ts'
import type { FieldChange } from './diff-fields.ts'
import { collectFaults } from './faults.ts'
import { manifestSchemas } from './manifest-schemas.ts'
import { nameIds } from './name-ids.ts'
import type { RegistryDeps } from './registry-deps.ts'

export interface PlannedItem {
  readonly section: ManifestSection
  readonly name: string
  /** Where it is written in the file. */
  readonly pointer: string
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly changes: readonly FieldChange[]
}

export interface Plan {
  /** Of all that would change; given to apply, it refuses where something else would. */
  readonly digest: string
  readonly items: readonly PlannedItem[]
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  /** Credentials that end at once. What is decided again comes on top. */
  readonly endsCredentials: number
}

export interface AppliedManifest {
  readonly plan: Plan
  /** `manifest.applied`; null where nothing had to be changed. */
  readonly receipt: AuditReceipt | null
}

const maxFaults = 200

/** What applying would do. Leaves nothing behind. */
export async function planManifest(deps: RegistryDeps, change: Change, manifest: JsonObject): Promise<Plan> {
  await sql`savepoint plan`.execute(change.tx.query)
  const plan = await carryOut(deps, change, manifest)
  await sql`rollback to savepoint plan`.execute(change.tx.query)
  return plan
}

/**
 * @param planDigest of the plan that a person has seen
 * @throws MayflyError `manifest_invalid` with every fault, `plan_changed`
 */
export async function applyManifest(
  deps: RegistryDeps,
  change: Change,
  manifest: JsonObject,
  planDigest?: string,
): Promise<AppliedManifest> {
  const plan = await carryOut(deps, change, manifest)
  if (planDigest !== undefined && planDigest !== plan.digest) {
    throw new MayflyError('plan_changed', {
      publicDetail: 'the registry or the manifest has changed since the plan was made, and nothing was applied',
      hint: 'plan again, and look at what it shows',
    })
  }
  if (plan.created + plan.updated === 0) return { plan, receipt: null }
  const receipt = await appendAudit(change.tx, {
    action: 'manifest.applied',
    at: change.now,
    actor: change.actor,
    ...(change.decisionId === undefined ? {} : { decisionId: change.decisionId }),
    body: {
      request_id: change.requestId,
      plan_digest: plan.digest,
      created: plan.created,
      updated: plan.updated,
      unchanged: plan.unchanged,
      ends_credentials: plan.endsCredentials,
    },
  })
  return { plan, receipt }
}

async function carryOut(deps: RegistryDeps, change: Change, manifest: JsonObject): Promise<Plan> {
  const { items, faults: found } = expandManifest(manifest)
  const faults: FieldProblem[] = [...found]
  let endsCredentials = 0
  const counted: Change = { ...change, onEnded: (total) => (endsCredentials += total) }
  const done: { item: ManifestItem; changed: Changed<unknown> }[] = []
  const seen = new Map<string, string>()
  await sql`savepoint item`.execute(change.tx.query)
  for (const item of items) {
    if (faults.length >= maxFaults) break
    const twice = seen.get(keyOf(item))
    if (twice !== undefined) {
      faults.push(...placed(item, [{ pointer: '', detail: `is in the manifest twice, also at \`${twice}\`` }]))
      continue
    }
    seen.set(keyOf(item), item.pointer)
    const changed = await tryItem(deps, counted, item, faults)
    if (changed !== undefined) done.push({ item, changed })
  }
  if (faults.length > 0) throw invalid(faults.slice(0, maxFaults))
  const planned = await describe(change, done)
  const count = (outcome: PlannedItem['outcome']) => planned.filter((item) => item.outcome === outcome).length
  return {
    digest: digestOf(planned),
    items: planned,
    created: count('created'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    endsCredentials,
  }
}

/** One item within a savepoint, so that a refusal by the database leaves the others to be judged. */
async function tryItem(
  deps: RegistryDeps,
  change: Change,
  item: ManifestItem,
  faults: FieldProblem[],
): Promise<Changed<unknown> | undefined> {
  try {
    const changed = await parseAndApply(deps, change, item)
    // One round trip for the end of this item's and the begin of the next one's.
    await sql`release savepoint item; savepoint item`.execute(change.tx.query)
    return changed
  } catch (error) {
    // What is broken is no fault of the manifest.
    if (!(error instanceof MayflyError) || problems[error.code].status >= 500) throw error
    await sql`rollback to savepoint item`.execute(change.tx.query)
    const { fields, publicDetail, hint } = error.options
    const said = publicDetail ?? problems[error.code].title
    const detail = hint === undefined ? said : `${said} (${hint})`
    faults.push(...placed(item, fields !== undefined && fields.length > 0 ? fields : [{ pointer: '', detail }]))
    return undefined
  }
}

async function parseAndApply<S extends ManifestSection>(
  deps: RegistryDeps,
  change: Change,
  item: ManifestItem & { readonly section: S },
): Promise<Changed<unknown>> {
  const faults = collectFaults()
  const value: unknown = faults.parse<unknown>('', manifestSchemas[item.section], item.value)
  faults.refuse()
  const apply = applyItem[item.section] as (
    deps: RegistryDeps,
    change: Change,
    value: unknown,
  ) => Promise<Changed<unknown>>
  return apply(deps, change, value)
}

function placed(item: ManifestItem, fields: readonly FieldProblem[]): FieldProblem[] {
  const name = labelOf(item)
  const which = item.instance === '' ? '' : ` (of \`${name}\`, ${item.instance})`
  return fields.map(({ pointer, detail }) => ({ pointer: item.pointer + pointer, detail: detail + which }))
}

function invalid(faults: readonly FieldProblem[]): MayflyError {
  const [first] = faults
  return new MayflyError('manifest_invalid', {
    publicDetail: `${faults.length === 1 ? 'one fault' : `${faults.length} faults`}, and nothing was changed; the first: \`${first?.pointer ?? ''}\` ${first?.detail ?? ''}`,
    fields: faults,
  })
}

async function describe(
  change: Change,
  done: readonly { item: ManifestItem; changed: Changed<unknown> }[],
): Promise<PlannedItem[]> {
  const named = await nameIds(
    change.tx,
    done.flatMap(({ changed }) => changed.changes),
  )
  return done.map(({ item, changed }) => ({
    section: item.section,
    name: labelOf(item),
    pointer: item.pointer,
    outcome: changed.outcome,
    changes: changed.changes.map(named),
  }))
}

/** Where a name is unique, within which list; bindings have none, and one holder may have several. */
function keyOf(item: ManifestItem): string {
  return canonicalJson([item.section, item.section === 'bindings' ? item.value : labelOf(item)])
}

function labelOf({ section, value }: ManifestItem): string {
  const text = (key: string) => (typeof value[key] === 'string' ? value[key] : '?')
  if (section === 'people') return text('email').trim().toLowerCase()
  if (section === 'roles') return `${text('resource')}/${text('name')}`
  if (section !== 'bindings') return text('name')
  const holder = value['identity'] === undefined ? text('person') : text('identity')
  return `${holder} at ${text('trust_provider')}`
}

function digestOf(items: readonly PlannedItem[]): string {
  const changed = items
    .filter((item) => item.outcome !== 'unchanged')
    .map(({ section, name, outcome, changes }) => ({
      section,
      name,
      outcome,
      changes: changes.map(({ field, from, to }) => ({ field, from, to })),
    }))
  return createHash('sha256').update(canonicalJson(changed)).digest('base64url')
}
