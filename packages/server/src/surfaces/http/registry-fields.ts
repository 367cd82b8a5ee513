/** The fields that several routes of the registry share. What a field may hold beyond its type, the use cases judge. */
import { dataClasses, deliveries, environments, exposures, identityKinds, MayflyError, reaches } from '@mayfly/domain'
import { z } from 'zod'
import type { Change } from '../../application/registry/change.ts'
import type { FieldChange } from '../../application/registry/diff-fields.ts'
import type { PermitDecision } from '../../application/decision/decision.ts'
import type { Clock } from '@mayfly/domain'
import type { Tx } from '../../store/database.ts'
import type { RouteContext } from './define-route.ts'
import type { HttpDeps } from './http-deps.ts'

/** The change that a handler makes: in the gate's transaction and under its decision. */
export function changeOf(
  deps: { readonly clock: Clock },
  ctx: RouteContext,
  tx: Tx,
  decision: Pick<PermitDecision, 'decisionId'>,
): Change {
  return { tx, actor: ctx.actor, now: deps.clock.now(), requestId: ctx.requestId, decisionId: decision.decisionId }
}

/**
 * The gate on something that the body names: where there is none, the fault is the body's field, not the route's.
 *
 * @throws MayflyError `code` in place of `resource_not_found`
 */
export async function gateOnField<T>(
  pointer: string,
  code: 'request_invalid' | 'identity_owner_missing',
  gated: Promise<T>,
): Promise<T> {
  try {
    return await gated
  } catch (cause) {
    if (!(cause instanceof MayflyError) || cause.code !== 'resource_not_found') throw cause
    const detail = cause.options.publicDetail ?? 'names nothing that is registered'
    throw new MayflyError(code, { publicDetail: detail, fields: [{ pointer, detail }], cause })
  }
}

/**
 * Asks the gate whether the caller may give something to this owner too: who may write a thing may not therefore load it
 * onto another team.
 */
export async function gateOnNewOwner(
  deps: Pick<HttpDeps, 'gate'>,
  ctx: RouteContext,
  action: 'identity.write' | 'resource.write',
  owner: string | undefined,
): Promise<void> {
  if (owner === undefined) return
  const asked = { action, resource: { type: 'Owner', id: owner }, readOnly: true } as const
  await gateOnField(
    '/owner',
    'identity_owner_missing',
    deps.gate(ctx, asked, async () => undefined),
  )
}

export const name = z
  .string()
  .max(200)
  .meta({
    description:
      '1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit. Unique, and never given twice',
    examples: ['orders-api'],
  })

export const version = z
  .int()
  .min(1)
  .meta({ description: 'Moves on with each change. Given with a change: refuse where it is another by now' })
export const seenVersion = version.optional()

export const reason = z.string().min(3).max(500).optional().meta({ description: 'Why; recorded with the revocation' })

export const environment = z.enum(environments).meta({ id: 'Environment' })
export const identityKind = z.enum(identityKinds).meta({ id: 'IdentityKind' })
export const reach = z.enum(reaches).meta({ id: 'Reach', description: 'What its credentials can do to it' })
export const dataClass = z.enum(dataClasses).meta({ id: 'DataClass' })
export const exposure = z.enum(exposures).meta({ id: 'Exposure' })
export const delivery = z.enum(deliveries).meta({ id: 'Delivery' })
export const usedOrRetired = z.enum(['active', 'retired'])

export const attributes = z
  .record(z.string().max(63), z.union([z.string().max(200), z.number(), z.boolean()]))
  .meta({ description: 'What policies may ask about beside the fixed fields; at most 32' })

/** An object whose shape the plug-in of its kind knows and checks. */
export const settings = z.record(z.string(), z.json()).meta({
  description: 'In the fields of its kind, see its page in the reference. Unknown fields are refused. Never a secret',
})

export const fieldChange = z
  .object({ field: z.string(), from: z.json(), to: z.json() })
  .meta({ id: 'FieldChange', description: 'What one field was and is; a secret is never shown' })

export function fieldChangeWire(change: FieldChange): z.output<typeof fieldChange> {
  return change as z.output<typeof fieldChange>
}
