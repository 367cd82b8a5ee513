/**
 * One entry of a Token Status List (draft-ietf-oauth-status-list sections 4 and 5), from the token that carries it.
 *
 * Does NOT check the token's signature, nor its `exp`: in an offline bundle the signature of the whole stands for the one,
 * and the reader's own limit on the age of the section for the other, which is meant for those who can fetch a new list.
 */
import { decodeBase64Url, decodeUtf8 } from '../log/bytes.ts'
import { MayflyError } from '../problem.ts'
import { parseStrictObject } from '../strict-json.ts'

/** 0 valid, 1 invalid, 2 suspended; others belong to applications. */
export type StatusValue = number

export type Inflate = (compressed: Uint8Array, maxSizeBytes: number) => Uint8Array

const maxListSizeBytes = 4_194_304

export interface StatusList {
  readonly uri: string
  /** Undefined beyond the end of the list. */
  statusAt(index: number): StatusValue | undefined
}

/**
 * @param inflate undoes zlib (RFC 1950), and refuses what grows beyond the bound
 * @throws MayflyError `bundle_malformed`: not a status list, or of another address than it is carried under
 */
export function readStatusList(inflate: Inflate, uri: string, token: string): StatusList {
  const [head = '', body = ''] = token.split('.')
  const header = parsePart(head)
  const claims = parsePart(body)
  if (header?.['typ'] !== 'statuslist+jwt' || claims === undefined) throw malformed(uri, 'is not a `statuslist+jwt`')
  if (claims['sub'] !== uri) throw malformed(uri, 'is the list of another address')
  const list = claims['status_list'] as { readonly bits?: unknown; readonly lst?: unknown } | undefined
  const bits = list?.bits
  const encoded = list?.lst
  if (![1, 2, 4, 8].includes(bits as number) || typeof encoded !== 'string') {
    throw malformed(uri, 'has no `status_list` of 1, 2, 4 or 8 bits')
  }
  const bytes = inflated(inflate, uri, encoded)
  return {
    uri,
    statusAt: (index) => statusOf(bytes, bits as number, index),
  }
}

/** Least significant bits first (section 4.1). */
function statusOf(bytes: Uint8Array, bits: number, index: number): StatusValue | undefined {
  if (!Number.isSafeInteger(index) || index < 0) return undefined
  const perByte = 8 / bits
  const byte = bytes[Math.floor(index / perByte)]
  return byte === undefined ? undefined : (byte >> ((index % perByte) * bits)) & ((1 << bits) - 1)
}

function inflated(inflate: Inflate, uri: string, encoded: string): Uint8Array {
  try {
    return inflate(decodeBase64Url(encoded), maxListSizeBytes)
  } catch (cause) {
    throw malformed(uri, 'cannot be unpacked', cause)
  }
}

function parsePart(encoded: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return parseStrictObject(decodeUtf8(decodeBase64Url(encoded)))
  } catch {
    return undefined
  }
}

function malformed(uri: string, what: string, cause?: unknown): MayflyError {
  return new MayflyError('bundle_malformed', { publicDetail: `the status list \`${uri}\` ${what}`, cause })
}
