/**
 * The promise to put an entry into the log (docs/formats/promise.md): a compact JWS (RFC 7515), signed with Ed25519
 * (RFC 8037, RFC 9864). Whoever holds one can show that the log left an entry out or changed it.
 */
import { MayflyError } from '../problem.ts'
import { decodeBase64Url, encodeBase64Url, encodeUtf8 } from './bytes.ts'
import { canonicalJson, isJsonObject, parseCanonicalJson } from './canonical-json.ts'
import { hashSizeBytes } from './merkle.ts'
import type { VerifyEd25519 } from './note.ts'

export interface MergePromise {
  /** The origin of the log. */
  readonly log: string
  readonly entryId: string
  readonly leafHash: Uint8Array
  readonly madeAt: Date
  /** By then a signed checkpoint covers the entry. */
  readonly mergeBy: Date
}

export interface PromiseSigner {
  readonly keyId: string
  /** Ed25519 over the bytes. */
  sign(message: Uint8Array): Uint8Array
}

export interface PromiseKey {
  readonly keyId: string
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array
}

const type = 'mayfly-promise'
const maxSizeChars = 4_096

export function encodePromise(promise: MergePromise, signer: PromiseSigner): string {
  const header = canonicalJson({ alg: 'Ed25519', kid: signer.keyId, typ: type })
  const payload = canonicalJson({
    entry_id: promise.entryId,
    leaf_hash: encodeBase64Url(promise.leafHash),
    log: promise.log,
    made_at: promise.madeAt.toISOString(),
    merge_by: promise.mergeBy.toISOString(),
  })
  const signed = `${encodeBase64Url(encodeUtf8(header))}.${encodeBase64Url(encodeUtf8(payload))}`
  return `${signed}.${encodeBase64Url(signer.sign(encodeUtf8(signed)))}`
}

/**
 * Checks who made a promise and reads it. Does NOT check whether it was kept: `verifyLog` does.
 *
 * @throws MayflyError `audit_verification_failed`: no promise, or not signed by one of the keys
 */
export function openPromise(
  verifyEd25519: VerifyEd25519,
  keys: readonly PromiseKey[],
  origin: string,
  jws: string,
): MergePromise {
  const [head, body, signature, ...rest] = jws.split('.')
  if (!head || !body || !signature || rest.length > 0 || jws.length > maxSizeChars) throw refuse('is not a compact JWS')
  const header = parseCanonicalJson(decodeBase64Url(head))
  const claims = parseCanonicalJson(decodeBase64Url(body))
  if (!isJsonObject(header) || header['typ'] !== type || header['alg'] !== 'Ed25519') {
    throw refuse(`is not of type \`${type}\` with algorithm \`Ed25519\``)
  }
  const key = keys.find(({ keyId }) => keyId === header['kid'])
  const verified =
    key !== undefined && verifyEd25519(key.publicKey, encodeUtf8(`${head}.${body}`), decodeBase64Url(signature))
  if (!verified) throw refuse('is not signed by a known key')
  const members = isJsonObject(claims) ? claims : {}
  const [log, entryId, hash, madeAt, mergeBy] = ['log', 'entry_id', 'leaf_hash', 'made_at', 'merge_by'].map((name) => {
    const value = members[name]
    if (typeof value !== 'string') throw refuse(`lacks \`${name}\``)
    return value
  }) as [string, string, string, string, string]
  if (log !== origin) throw refuse(`is of the log \`${log}\``)
  const leafHash = decodeBase64Url(hash)
  if (leafHash.length !== hashSizeBytes || Number.isNaN(Date.parse(madeAt)) || Number.isNaN(Date.parse(mergeBy))) {
    throw refuse('holds a value of the wrong form')
  }
  return { log, entryId, leafHash, madeAt: new Date(madeAt), mergeBy: new Date(mergeBy) }
}

function refuse(what: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail: `the promise ${what}` })
}
