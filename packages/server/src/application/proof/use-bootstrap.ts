/**
 * The first administrator: a person and a public key, registered once by whoever can read the bootstrap file.
 *
 * Promise: from then on there is no second way in. The administrator proves itself by its key like everybody else, and is
 * judged by the same policies.
 */
import { timingSafeEqual } from 'node:crypto'
import { type BindingId, MayflyError, newId, type PersonId, type TenantId, type TrustProviderId } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { boundKeyTrustProvider } from '../../adapters/trust-providers/bound-key/bound-key-trust-provider.ts'
import type { BindingRule } from '../../adapters/trust-providers/trust-provider.ts'
import { insertBinding } from '../../store/binding-rows.ts'
import { markBootstrapUsed, takeBootstrapAttempt } from '../../store/bootstrap-rows.ts'
import type { Tx } from '../../store/database.ts'
import { insertPerson } from '../../store/person-rows.ts'
import { findTrustProvider, insertTrustProvider } from '../../store/trust-provider-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { AuditReceipt } from '../audit/audit-entry.ts'
import { statedRow } from '../audit/stated-rows.ts'
import type { CoreDeps } from '../context.ts'
import { maxBootstrapAttempts } from './bootstrap-limits.ts'
import { bootstrapDigest } from './make-bootstrap.ts'

/** The trust provider of administrators' keys. */
export const administratorsName = 'administrators'
/** A working day: then the key is used again. */
const freshForSeconds = 28_800

export interface FirstAdministrator {
  readonly secret: Secret
  readonly publicJwk: unknown
  readonly name: string
  readonly email: string
}

export interface RegisteredAdministrator {
  readonly personId: PersonId
  /** The thumbprint of the key: `kid` of the assertions that it will sign. */
  readonly keyId: string
  readonly receipt: AuditReceipt
}

/**
 * @throws MayflyError `bootstrap_rejected`: wrong, used, too late or tried too often; there is no telling which
 * @throws MayflyError `request_invalid`: the key is not usable; costs no attempt
 */
export async function useBootstrap(
  deps: CoreDeps,
  tenantId: TenantId,
  input: FirstAdministrator,
  requestId: string,
): Promise<RegisteredAdministrator> {
  const rule = boundKeyTrustProvider.parseBinding(
    { public_jwk: input.publicJwk },
    boundKeyTrustProvider.settings.parse({}),
  )
  const given = bootstrapDigest(input.secret.reveal())
  const registered = await deps.database.transaction(tenantId, async (tx) => {
    const now = deps.clock.now()
    const open = await takeBootstrapAttempt(tx, now, maxBootstrapAttempts)
    // Returned, not thrown: a wrong attempt must be counted, so this transaction commits.
    if (!open?.secret_digest || !timingSafeEqual(open.secret_digest, given)) return undefined
    return register(tx, input, rule, now, requestId)
  })
  if (registered === undefined) {
    throw new MayflyError('bootstrap_rejected', {
      hint: 'read the newest bootstrap file; once it is used up or 15 minutes old, a restart makes a new one',
    })
  }
  return registered
}

async function register(
  tx: Tx,
  input: FirstAdministrator,
  rule: BindingRule,
  now: Date,
  requestId: string,
): Promise<RegisteredAdministrator> {
  const person = await insertPerson(tx, {
    person_id: newId<PersonId>(now.getTime()),
    name: input.name.trim(),
    email: input.email.trim().toLowerCase(),
    roles: ['administrator'],
    created_at: now,
  })
  const known = await findTrustProvider(tx, administratorsName)
  const trustProvider =
    known ??
    (await insertTrustProvider(tx, {
      trust_provider_id: newId<TrustProviderId>(now.getTime()),
      name: administratorsName,
      kind: 'bound_key',
      issuer: null,
      settings: JSON.stringify(boundKeyTrustProvider.settings.parse({})),
      strength: 'bound_key',
      fresh_for_seconds: freshForSeconds,
      created_at: now,
    }))
  const binding = await insertBinding(tx, {
    binding_id: newId<BindingId>(now.getTime()),
    trust_provider_id: trustProvider.trust_provider_id,
    identity_id: null,
    person_id: person.person_id,
    subject: rule.subject,
    claims: '{}',
    public_jwk: JSON.stringify(rule.publicJwk),
    created_at: now,
  })
  await markBootstrapUsed(tx, person.person_id, now)
  const receipt = await appendAudit(tx, {
    action: 'bootstrap.used',
    at: now,
    actor: { kind: 'system', worker: 'bootstrap' },
    rows: [
      statedRow('person', person),
      ...(known === undefined ? [statedRow('trust_provider', trustProvider)] : []),
      statedRow('binding', binding),
    ],
    body: { person_id: person.person_id, key: rule.subject, request_id: requestId },
  })
  return { personId: person.person_id, keyId: rule.subject, receipt }
}
