/**
 * Mints SVIDs: the row and its entry are durable before a signature leaves (laws 1 and 5), in a commit shared with others.
 *
 * Promise: an SVID never outlives its proof, its identity or what signed it; it is minted only while everything that it
 * was decided on is as it was. Renewal is the same again, so it needs a proof that is still fresh.
 */
import { MayflyError, newId, type SvidId } from '@mayfly/domain'
import { makeSerialNumber } from '../../adapters/x509/sign-certificate.ts'
import type { MintedSvid, SvidKind } from '../../store/svid-rows.ts'
import { type AuditReceipt, entryRowOf, receiptOf } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { RequestContext } from '../context.ts'
import type { DenyDecision } from '../decision/decision.ts'
import { decisionRowOf, recordDenial } from '../decision/record-decision.ts'
import { unboundDenial } from '../decision/unbound-svid.ts'
import { deniedError } from '../decision/with-authority.ts'
import { permitKey, permitSvid, type SvidAsk, type SvidPermit } from './permit-svid.ts'
import type { SvidDeps } from './spiffe-deps.ts'

export interface SvidTerm {
  readonly kind: SvidKind
  /** Wished for; undefined: the default of the kind. */
  readonly ttlSeconds: number | undefined
  readonly defaultTtlSeconds: number
  readonly maxTtlSeconds: number
}

export interface ReadyToSign {
  readonly permit: SvidPermit
  readonly serialNumber: string
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly ttlSeconds: number
  readonly receipt: AuditReceipt
}

const maxAttempts = 3

/**
 * Decides, and makes the row durable. Whoever calls signs then, and with nothing else than the answer says.
 *
 * @param faultOf why what is asked for is not covered by a permit; asked before anything is written
 * @param authorityEnd when what will sign ends, where it ends
 * @throws MayflyError as `permitSvid`; what `faultOf` gives; `version_conflict`: what it was decided on kept changing
 */
export async function mintSvid(
  deps: SvidDeps,
  ctx: RequestContext,
  ask: SvidAsk,
  term: SvidTerm,
  about: {
    readonly faultOf: (permit: SvidPermit) => MayflyError | undefined
    readonly authorityEnd: (permit: SvidPermit) => Promise<Date | undefined>
    readonly body: Readonly<Record<string, string | number | readonly string[]>>
  },
): Promise<ReadyToSign> {
  const key = permitKey(ctx, ask)
  const startedAt = deps.clock.now()
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const permit = await deps.permits.get(key, () => permitSvid(deps, ctx, ask))
    const issuedAt = deps.clock.now()
    const fault = about.faultOf(permit)
    const unbound = term.kind === 'jwt' ? unboundDenial(permit.decision) : undefined
    if (fault !== undefined || unbound !== undefined) {
      // What was remembered may be out of date: a no is decided on what stands now.
      if (permit.decision.decidedAt < startedAt) {
        deps.permits.drop(key)
        continue
      }
      if (fault !== undefined) throw fault
      if (unbound !== undefined) await refuseUnbound(deps, ctx, unbound)
    }
    const expiresAt = endOf(permit, term, issuedAt, await about.authorityEnd(permit))
    if (expiresAt <= issuedAt) {
      // Decided while it was fresh, and asked for after: decide again, which denies it.
      deps.permits.drop(key)
      continue
    }
    const row = mintedRow(ctx, permit, term.kind, { issuedAt, expiresAt }, about.body)
    if ((await deps.svids.submit(ctx.tenantId, row)) === 'minted') {
      permit.recorded = true
      return {
        permit,
        serialNumber: row.serialNumber,
        issuedAt,
        expiresAt,
        ttlSeconds: Math.floor(expiresAt.getTime() / 1000) - Math.floor(issuedAt.getTime() / 1000),
        receipt: receiptOf(row.entry),
      }
    }
    deps.permits.drop(key)
  }
  throw new MayflyError('version_conflict', {
    publicDetail: 'what the decision rests on kept changing',
    hint: 'try again',
  })
}

async function refuseUnbound(deps: SvidDeps, ctx: RequestContext, denied: DenyDecision): Promise<never> {
  await deps.database.transaction(ctx.tenantId, (tx) => recordDenial(tx, ctx.actor, denied, ctx.requestId))
  throw deniedError(denied)
}

/** Whole seconds, rounded down: certificates and tokens hold no more. */
function endOf(permit: SvidPermit, term: SvidTerm, issuedAt: Date, authorityEnd: Date | undefined): Date {
  const { maxTtlSeconds } = permit.decision.duties
  const ttlSeconds = Math.min(term.ttlSeconds ?? term.defaultTtlSeconds, term.maxTtlSeconds, maxTtlSeconds)
  const ends = [
    issuedAt.getTime() + ttlSeconds * 1000,
    permit.freshUntil.getTime(),
    permit.identityExpiresAt.getTime(),
    ...(authorityEnd === undefined ? [] : [authorityEnd.getTime()]),
  ]
  return new Date(Math.floor(Math.min(...ends) / 1000) * 1000)
}

function mintedRow(
  ctx: RequestContext,
  permit: SvidPermit,
  kind: SvidKind,
  { issuedAt, expiresAt }: { readonly issuedAt: Date; readonly expiresAt: Date },
  body: Readonly<Record<string, string | number | readonly string[]>>,
): MintedSvid {
  const svidId = newId<SvidId>(issuedAt.getTime())
  const serialNumber = makeSerialNumber()
  const issuingKeyId = kind === 'x509' ? permit.authorityKeyId : permit.jwtKeyId
  const { decision, identityId, attestationId, spiffeId } = permit
  const entry = entryRowOf(ctx.tenantId, {
    action: 'svid.issued',
    at: issuedAt,
    actor: ctx.actor,
    identityId,
    attestationId,
    decisionId: decision.decisionId,
    rows: [
      statedRow('svid', {
        svid_id: svidId,
        kind,
        serial_number: serialNumber,
        identity_id: identityId,
        attestation_id: attestationId,
        spiffe_id: spiffeId,
        issuing_key_id: issuingKeyId,
        expires_at: expiresAt,
        state: 'live',
        revocation_id: null,
        version: 1,
      }),
    ],
    body: { ...body, kind, serial_number: serialNumber, request_id: ctx.requestId },
  })
  return {
    svidId,
    kind,
    serialNumber,
    identityId,
    attestationId,
    spiffeId,
    issuingKeyId,
    issuedAt,
    expiresAt,
    decisionId: decision.decisionId,
    held: permit.held,
    decision: permit.recorded ? undefined : decisionJson(permit),
    entry,
  }
}

/** As the row will be: JSON columns as values. */
function decisionJson({ decision }: SvidPermit): Readonly<Record<string, unknown>> {
  const { principal, resource, reasons, duties, context, ...row } = decisionRowOf(decision)
  return {
    ...row,
    principal: JSON.parse(principal) as unknown,
    resource: JSON.parse(resource) as unknown,
    reasons: JSON.parse(reasons) as unknown,
    duties: JSON.parse(duties) as unknown,
    context: JSON.parse(context) as unknown,
  }
}
