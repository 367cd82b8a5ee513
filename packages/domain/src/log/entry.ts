/** The audit entry as it lies in the log (docs/formats/entry.md), read back strictly. */
import { MayflyError } from '../problem.ts'
import { isJsonObject, type JsonObject, type JsonValue, parseCanonicalJson } from './canonical-json.ts'

/** What an entry says of a row that its transaction changed. */
export interface RowStatement {
  readonly table: string
  readonly id: string
  readonly version: number
  /** SHA-256 of the row's stated columns, base64; `null` where the row was deleted. */
  readonly digest: string | null
}

export interface LogEntry {
  readonly id: string
  readonly tenant: string
  /** RFC 3339, UTC. */
  readonly at: string
  readonly stream: string
  readonly action: string
  readonly actor: JsonObject
  /** Ids of whom it is about, e.g. `credential_id`. */
  readonly subject: JsonObject
  readonly rows: readonly RowStatement[]
  readonly body: JsonObject
}

const keys = 'action,actor,at,body,id,rows,stream,subject,tenant,v'

/** @throws MayflyError `audit_verification_failed`: not canonical JSON, or not an entry of version 1 */
export function parseLogEntry(bytes: Uint8Array): LogEntry {
  const value = parseCanonicalJson(bytes)
  if (!isJsonObject(value) || value['v'] !== 1) throw refuse('is not an entry of version 1')
  // Canonical JSON is sorted, so the keys have one order.
  if (Object.keys(value).join() !== keys) throw refuse('has other members than an entry has')
  const { actor, subject, body, rows } = value
  if (!isJsonObject(actor) || !isJsonObject(subject) || !isJsonObject(body) || !Array.isArray(rows)) {
    throw refuse('has a member of the wrong type')
  }
  return {
    id: text(value['id']),
    tenant: text(value['tenant']),
    at: text(value['at']),
    stream: text(value['stream']),
    action: text(value['action']),
    actor,
    subject,
    rows: (rows as readonly JsonValue[]).map(rowStatement),
    body,
  }
}

function rowStatement(value: JsonValue): RowStatement {
  if (!isJsonObject(value)) throw refuse('states a row that is not an object')
  const { version, digest } = value
  if (typeof version !== 'number' || (typeof digest !== 'string' && digest !== null)) {
    throw refuse('states a row without version or digest')
  }
  return { table: text(value['table']), id: text(value['id']), version, digest }
}

function text(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw refuse('has a member of the wrong type')
  return value
}

function refuse(what: string): MayflyError {
  return new MayflyError('audit_verification_failed', { publicDetail: `an entry ${what}` })
}
