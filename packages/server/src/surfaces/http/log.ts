/**
 * The audit log as C2SP tlog-tiles serves it (docs/formats/log.md), below `/v1/log`: what a verifier needs, and no more.
 * Entries name people and targets by id, so reading them takes a token and the gate.
 */
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { findLogResource } from '../../application/audit/read-log.ts'
import type { Tx } from '../../store/database.ts'
import { defineRoute, type RawAnswer, type Route } from './define-route.ts'

export interface LogKeys {
  readonly origin: string
  /** C2SP verifier keys of checkpoints, present and former. */
  readonly checkpointKeys: readonly string[]
  /** Ed25519 keys of promises, as verifier keys of the same form under their own key id. */
  readonly promiseKeys: readonly { readonly keyId: string; readonly publicKey: string }[]
}

export interface LogDeps {
  describeLog(tx: Tx): Promise<LogKeys>
}

const immutable = 'private, max-age=31536000, immutable'

export const logRoutes: readonly Route<LogDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/log/checkpoint',
    name: 'getCheckpoint',
    summary: 'read the latest signed checkpoint (C2SP tlog-checkpoint)',
    action: 'audit.read',
    resource: () => ({ type: 'Tenant' }),
    response: z.string(),
    produces: 'text/plain; charset=utf-8',
    problems: ['resource_not_found'],
    handle: async (_deps: LogDeps, _ctx, _input, tx) => ({ body: await read(tx, 'checkpoint') }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/log/tile/{path*}',
    name: 'getTile',
    summary: 'read a tile or an entry bundle (C2SP tlog-tiles)',
    description: '`<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`. Only what a signed checkpoint covers is served.',
    action: 'audit.read',
    params: z.strictObject({ path: z.string().max(200) }),
    resource: () => ({ type: 'Tenant' }),
    response: z.string(),
    produces: 'application/octet-stream',
    handle: async (_deps: LogDeps, _ctx, { params }, tx): Promise<RawAnswer> => {
      const body = await read(tx, `tile/${params.path}`)
      // A full tile never changes again; a partial one does not either, but is soon of no use.
      return { body, ...(!params.path.includes('.p/') && { headers: { 'cache-control': immutable } }) }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/log/keys',
    name: 'getLogKeys',
    summary: 'read the name of the log and the keys that sign it',
    description: 'Compare them once with what you remember: a verifier that asks the server for its keys trusts it.',
    action: 'audit.read',
    resource: () => ({ type: 'Tenant' }),
    response: z
      .object({
        origin: z.string(),
        checkpoint_keys: z.array(z.string().meta({ description: 'C2SP verifier key' })),
        promise_keys: z.array(
          z.object({ key_id: z.string(), public_key: z.string().meta({ description: 'Ed25519, base64url' }) }),
        ),
      })
      .meta({ id: 'LogKeys' }),
    handle: async (deps: LogDeps, _ctx, _input, tx) => {
      const { origin, checkpointKeys, promiseKeys } = await deps.describeLog(tx)
      return {
        origin,
        checkpoint_keys: [...checkpointKeys],
        promise_keys: promiseKeys.map(({ keyId, publicKey }) => ({ key_id: keyId, public_key: publicKey })),
      }
    },
  }),
]

async function read(tx: Tx, path: string): Promise<Uint8Array> {
  const bytes = await findLogResource(tx, path)
  if (bytes === undefined) {
    throw new MayflyError('resource_not_found', {
      publicDetail: 'the log has no such resource, or not yet',
      hint: 'ask for what the latest checkpoint covers',
    })
  }
  return bytes
}
