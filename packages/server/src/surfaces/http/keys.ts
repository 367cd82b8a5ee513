/** The keys of a tenant: which there are, and their change. No answer holds a private half. */
import { z } from 'zod'
import type { KeyDeps } from '../../application/proof/key-deps.ts'
import { keyPurposes } from '../../application/proof/prepare-signing-key.ts'
import { rotateDataKey } from '../../application/proof/rotate-data-key.ts'
import { publishAheadSeconds, rotateSigningKey } from '../../application/proof/rotate-signing-key.ts'
import { type KeyPurpose, listSigningKeys, type SigningKeyRow } from '../../store/key-rows.ts'
import { defineRoute, type Route } from './define-route.ts'
import { timestamp } from './wire.ts'

const purpose = z
  .enum(keyPurposes as readonly [KeyPurpose, ...KeyPurpose[]])
  .meta({ description: 'What the key signs' })

const signingKey = z
  .object({
    key_id: z.string(),
    purpose,
    algorithm: z.enum(['ES256', 'RS256', 'Ed25519', 'HS256']),
    public_jwk: z.record(z.string(), z.unknown()).nullable().meta({ description: 'Null for a symmetric key' }),
    state: z.enum(['prepared', 'active', 'retired']).meta({ description: 'Prepared: published, and not yet signing' }),
    prepared_at: timestamp,
    activated_at: timestamp.nullable(),
    retired_at: timestamp.nullable(),
    trusted_until: timestamp.nullable().meta({ description: 'What a retired key signed is believed until then' }),
  })
  .meta({ id: 'SigningKey' })

export const keyRoutes: readonly Route<KeyDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/keys',
    name: 'listKeys',
    summary: 'list the signing keys',
    action: 'key.read',
    resource: () => ({ type: 'Tenant' }),
    response: z.object({ items: z.array(signingKey) }),
    handle: async (_deps: KeyDeps, _ctx, _input, tx) => ({ items: (await listSigningKeys(tx)).map(signingKeyWire) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/keys/{purpose}/rotate',
    name: 'rotateKey',
    summary: 'take the next step in changing a signing key',
    description: `Prepares and publishes a new key; after ${publishAheadSeconds} s it becomes active by itself, or by asking again. A compromised key is replaced at once, and what it signed is believed no longer.`,
    action: 'key.rotate',
    params: z.strictObject({ purpose }),
    body: z.strictObject({
      compromised: z.boolean().default(false).meta({ description: 'The active key is in wrong hands' }),
    }),
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    response: z.object({ key: signingKey, retired: signingKey.nullable() }),
    handle: async (deps: KeyDeps, ctx, { params, body }, tx) => {
      const { key, retired, receipt } = await rotateSigningKey(deps, tx, {
        purpose: params.purpose,
        compromised: body.compromised,
        now: deps.clock.now(),
        actor: ctx.actor,
        requestId: ctx.requestId,
      })
      return {
        key: signingKeyWire(key),
        retired: retired === undefined ? null : signingKeyWire(retired),
        entry: receipt,
      }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/data-keys/rotate',
    name: 'rotateDataKey',
    summary: 'seal under a new data key from now on, and seal again what is under the former ones',
    action: 'key.rotate',
    resource: () => ({ type: 'Tenant' }),
    changes: true,
    response: z.object({ data_key_id: z.string() }),
    handle: async (deps: KeyDeps, ctx, _input, tx) => {
      const rotation = { now: deps.clock.now(), actor: ctx.actor, requestId: ctx.requestId }
      const { dataKeyId, receipt } = await rotateDataKey(deps, tx, rotation)
      return { data_key_id: dataKeyId, entry: receipt }
    },
  }),
]

function signingKeyWire(row: SigningKeyRow) {
  return {
    key_id: row.key_id,
    purpose: row.purpose,
    algorithm: row.algorithm,
    public_jwk: row.public_jwk as Record<string, unknown> | null,
    state: row.state as 'prepared' | 'active' | 'retired',
    prepared_at: row.prepared_at,
    activated_at: row.activated_at,
    retired_at: row.retired_at,
    trusted_until: row.trusted_until,
  }
}
