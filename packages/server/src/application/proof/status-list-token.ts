/**
 * The Status List Token (draft-ietf-oauth-status-list section 5.1): what verifiers that ask nobody read.
 *
 * Promise: whoever reads a list after the commit of a revocation reads of it: what was made before is used again only where
 * the database says that nothing has changed since. Law 3 therefore holds for lists as it does for introspection; how old
 * a verifier lets its copy become is the verifier's (`ttl`), at most until `exp`.
 */
import type { StatusListId, TenantId } from '@mayfly/domain'
import type { KeyRing } from '../../adapters/keys/key-ring.ts'
import type { Signer } from '../../adapters/keys/signing-key.ts'
import type { Tx } from '../../store/database.ts'
import { findStatusList, listStatusLists, readStatusList } from '../../store/status-list-rows.ts'
import type { CoreDeps } from '../context.ts'
import { encodeStatusList, packInvalid } from '../revocation/status-list.ts'
import { issuedTokenTtlSeconds } from './access-token.ts'
import { getIssuer, type TenantDirectory } from './tenant-directory.ts'

/** After so many seconds a copy should be read again. */
export const statusListTtlSeconds = 30
/** After so many seconds a copy must not be relied upon: a verifier that cannot reach us then refuses. */
export const statusListLifeSeconds = 900
/** A list that did not change is signed anew after so long, so that a fresh copy has most of its life before it. */
const signedForMs = 60_000
const maxKept = 256
/** As many as an offline bundle holds. */
const maxCarried = 500

export interface StatusListToken {
  readonly token: string
  /** Differs where the token differs. */
  readonly tag: string
}

export interface StatusLists {
  /** @returns undefined where the tenant has no such list */
  find(tenantId: TenantId, listId: StatusListId): Promise<StatusListToken | undefined>
  /** The addresses of all lists in which there may be a token that lives. */
  listUris(tenantId: TenantId): Promise<readonly string[]>
  /** All of these lists as they are now, for those who carry them along. At most 500. */
  readAll(tx: Tx): Promise<readonly { readonly uri: string; readonly token: string }[]>
}

export interface StatusListDeps extends Pick<CoreDeps, 'database' | 'clock'> {
  readonly keys: KeyRing
  readonly tenants: TenantDirectory
}

interface Kept {
  readonly changes: number
  readonly signedAtMs: number
  readonly keyId: string
  readonly made: StatusListToken
}

export function statusListUri(issuer: string, listId: string): string {
  return `${issuer}/oauth/status-lists/${listId}`
}

export function openStatusLists(deps: StatusListDeps): StatusLists {
  const kept = new Map<string, Kept>()

  async function make(
    tx: Tx,
    listId: StatusListId,
    signer: Signer,
    issuer: string,
  ): Promise<StatusListToken | undefined> {
    const list = await readStatusList(tx, listId)
    if (list === undefined) return undefined
    const signedAtMs = deps.clock.now().getTime()
    const token = signStatusList(signer, {
      issuer,
      uri: statusListUri(issuer, listId),
      issuedAtSeconds: Math.floor(signedAtMs / 1_000),
      packed: packInvalid(list.size, list.ended),
    })
    const made = { token, tag: `${list.changes}.${signedAtMs}` }
    kept.delete(listId)
    kept.set(listId, { changes: list.changes, signedAtMs, keyId: signer.keyId, made })
    for (const oldest of kept.keys()) {
      if (kept.size <= maxKept) break
      kept.delete(oldest)
    }
    return made
  }

  async function read(tx: Tx, listId: StatusListId, issuer: string): Promise<StatusListToken | undefined> {
    const [state, signer] = await Promise.all([findStatusList(tx, listId), deps.keys.signer(tx, 'access_token')])
    if (state === undefined) return undefined
    const before = kept.get(listId)
    const young = deps.clock.now().getTime() - (before?.signedAtMs ?? -Infinity) < signedForMs
    const same = before?.changes === state.changes && before.keyId === signer.keyId
    return young && same ? before.made : make(tx, listId, signer, issuer)
  }

  const living = (tx: Tx): Promise<readonly StatusListId[]> =>
    listStatusLists(tx, new Date(deps.clock.now().getTime() - 2 * issuedTokenTtlSeconds * 1_000))

  return {
    async find(tenantId, listId) {
      const issuer = await getIssuer(deps.tenants, tenantId)
      return deps.database.transaction(tenantId, (tx) => read(tx, listId, issuer))
    },
    async listUris(tenantId) {
      const issuer = await getIssuer(deps.tenants, tenantId)
      const ids = await deps.database.transaction(tenantId, living)
      return ids.map((id) => statusListUri(issuer, id))
    },
    async readAll(tx) {
      const issuer = await getIssuer(deps.tenants, tx.tenantId)
      const lists: { readonly uri: string; readonly token: string }[] = []
      for (const listId of (await living(tx)).slice(-maxCarried)) {
        const list = await read(tx, listId, issuer)
        if (list !== undefined) lists.push({ uri: statusListUri(issuer, listId), token: list.token })
      }
      return lists
    },
  }
}

interface StatusListContent {
  readonly issuer: string
  readonly uri: string
  readonly issuedAtSeconds: number
  readonly packed: Buffer
}

function signStatusList(signer: Signer, { issuer, uri, issuedAtSeconds, packed }: StatusListContent): string {
  const header = { alg: signer.algorithm, typ: 'statuslist+jwt', kid: signer.keyId }
  const claims = {
    iss: issuer,
    sub: uri,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + statusListLifeSeconds,
    ttl: statusListTtlSeconds,
    status_list: { ...encodeStatusList(1, packed), aggregation_uri: `${issuer}/oauth/status-lists` },
  }
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${Buffer.from(signer.sign(Buffer.from(text, 'latin1'))).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
