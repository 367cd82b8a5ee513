/**
 * From what `mysql2`, the network and the target say to one code of ours.
 *
 * The target's own words go to the log part only: they may name hosts, accounts and statements.
 */
import { MayflyError, type ProblemCode } from '@mayfly/domain'
import { loginRefused } from '@mayfly/provider-kit'

interface Cause {
  readonly code: ProblemCode
  readonly publicDetail?: string
  readonly hint?: string
}

const guideHint = 'run the SQL of `mayfly resource guide mysql` at the target again'

/** SQLSTATEs that our own procedures raise. */
const bySqlState: Readonly<Record<string, Cause>> = {
  MF001: { code: 'target_refused', publicDetail: "Mayfly's procedures at the target refused a value" },
  MF002: {
    code: 'target_timeout',
    publicDetail: 'the target began too late, so it created nothing',
    hint: 'if it happens every time, compare the clocks of the target and of Mayfly',
  },
  MF003: {
    code: 'target_rights_missing',
    publicDetail: 'the role does not exist at the target, or the target does not permit it',
    hint: "grant it to the definer of Mayfly's procedures with admin option, or correct the role",
  },
  MF004: {
    code: 'target_unsafe',
    publicDetail: 'by this role an account could raise rights at the target, or leave some behind',
    hint: 'use a role without GRANT OPTION, without rights of an administrator on *.*, and outside the schema `mysql`',
  },
  MF005: { code: 'target_refused', publicDetail: 'an account of this name exists already' },
  MF006: {
    code: 'target_rights_missing',
    publicDetail: "the definer of Mayfly's procedures lacks a right at the target",
    hint: guideHint,
  },
  MF007: {
    code: 'target_rights_missing',
    publicDetail: 'the account does not exist at the target, or is not listed for rotation there',
    hint: 'add it to the table `rotatable_account` in the schema of the procedures',
  },
}

/** Error numbers (MariaDB documentation, "Error Codes"; MySQL 8.0 Error Reference). */
const byNumber: Readonly<Record<number, Cause>> = {
  1040: { code: 'target_unreachable', publicDetail: 'the target has no free connection' },
  1044: { code: 'target_rights_missing', publicDetail: "Mayfly's login lacks a right at the target", hint: guideHint },
  1049: { code: 'target_refused', publicDetail: 'the target has no such schema' },
  1053: { code: 'target_unreachable', publicDetail: 'the target is shutting down' },
  1095: {
    code: 'target_rights_missing',
    publicDetail: "the definer of Mayfly's procedures may not end sessions of others",
    hint: guideHint,
  },
  1129: {
    code: 'target_unreachable',
    publicDetail: 'the target has blocked the address of Mayfly after many failed connections',
    hint: 'run `FLUSH HOSTS` at the target',
  },
  1130: { code: 'target_rights_missing', publicDetail: 'the target lets nobody in from the address of Mayfly' },
  1142: { code: 'target_rights_missing', publicDetail: "Mayfly's login lacks a right at the target", hint: guideHint },
  1203: { code: 'target_unreachable', publicDetail: "Mayfly's login has no free connection at the target" },
  1205: { code: 'target_timeout', publicDetail: 'something at the target holds a lock for too long' },
  1226: { code: 'target_unreachable', publicDetail: "Mayfly's login has no free connection at the target" },
  1227: { code: 'target_rights_missing', publicDetail: "Mayfly's login lacks a right at the target", hint: guideHint },
  1305: { code: 'target_rights_missing', publicDetail: "Mayfly's procedures are missing or too old", hint: guideHint },
  1370: { code: 'target_rights_missing', publicDetail: "Mayfly's login may not call its procedures", hint: guideHint },
  1396: { code: 'target_refused', publicDetail: 'an account of this name exists already' },
  1449: {
    code: 'target_rights_missing',
    publicDetail: "the definer of Mayfly's procedures does not exist any more",
    hint: guideHint,
  },
  1819: { code: 'target_refused', publicDetail: 'a password rule of the target refuses generated passwords' },
  1836: { code: 'target_refused', publicDetail: 'the target is read-only', hint: 'name the primary, not a replica' },
  1927: { code: 'target_unreachable', publicDetail: 'the target ended the connection' },
  1969: { code: 'target_timeout', publicDetail: 'the target answered too late' },
  3118: { code: 'target_rights_missing', publicDetail: "Mayfly's own login is locked at the target" },
  3159: { code: 'target_unsafe', publicDetail: 'the target takes connections with TLS only' },
  4151: { code: 'target_rights_missing', publicDetail: "Mayfly's own login is locked at the target" },
}

/** ER_OPTION_PREVENTS_STATEMENT: the option is named in the text. */
const optionPreventsStatement = 1290
const accessDenied = 1045

export function targetError(error: unknown, doing: string): MayflyError {
  if (error instanceof MayflyError) return error
  const { number, state, code, message } = readError(error)
  const log = `mysql: ${doing}: ${number ?? code ?? 'no code'}: ${message}`
  const become = ({ code: ours, publicDetail, hint }: Cause) =>
    new MayflyError(ours, {
      log,
      ...(publicDetail === undefined ? {} : { publicDetail }),
      ...(hint === undefined ? {} : { hint }),
    })

  if (number === accessDenied) {
    return loginRefused({
      log,
      publicDetail: "the target refuses Mayfly's own login",
      hint: "if its password was changed at the target, enter it again as the resource's secret",
    })
  }
  const known =
    (state === undefined ? undefined : bySqlState[state]) ?? (number === undefined ? undefined : byNumber[number])
  if (known !== undefined) return become(known)
  if (number === optionPreventsStatement) return become(byOption(message))
  if (number !== undefined) return become({ code: 'target_refused', publicDetail: `the target refused (${number})` })
  return become(byNetwork(code, message))
}

function byOption(message: string): Cause {
  if (/read[-_]only/.test(message)) {
    return { code: 'target_refused', publicDetail: 'the target is read-only', hint: 'name the primary, not a replica' }
  }
  if (/strict[-_]password/.test(message)) {
    return {
      code: 'target_refused',
      publicDetail: 'a password rule of the target refuses hashes',
      hint: 'set `strict_password_validation` to OFF at the target: what Mayfly makes has 256 random bits',
    }
  }
  if (/skip-grant-tables/.test(message)) {
    return { code: 'target_unsafe', publicDetail: 'the target runs with --skip-grant-tables and checks no password' }
  }
  return { code: 'target_refused', publicDetail: 'an option of the target prevents it' }
}

function byNetwork(code: string | undefined, message: string): Cause {
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return {
      code: 'target_unsafe',
      publicDetail: 'the target does not offer TLS',
      hint: 'turn TLS on at the target; on loopback the setting `tls: { mode: disabled_loopback_only }` does without',
    }
  }
  if (code === 'HANDSHAKE_SSL_ERROR' && !/ECONN|EPIPE|socket hang up|disconnected/.test(message)) {
    return {
      code: 'target_unsafe',
      publicDetail: 'the certificate of the target was not accepted',
      hint: 'set `tls.ca_pem` to the CA of the target, and `host` or `tls.server_name` to a name in its certificate',
    }
  }
  if (code === 'ETIMEDOUT' || code === 'PROTOCOL_SEQUENCE_TIMEOUT') return { code: 'target_timeout' }
  return { code: 'target_unreachable' }
}

/** The error number and SQLSTATE of the target, or the code of the library or the system. What was sent is dropped. */
export function readError(error: unknown): {
  readonly number: number | undefined
  readonly state: string | undefined
  readonly code: string | undefined
  readonly message: string
} {
  if (!(error instanceof Error)) return { number: undefined, state: undefined, code: undefined, message: String(error) }
  return {
    // The library puts numbers of its own and of the system there too, which are negative or small.
    number: 'errno' in error && typeof error.errno === 'number' && error.errno >= 1_000 ? error.errno : undefined,
    state: 'sqlState' in error && typeof error.sqlState === 'string' ? error.sqlState : undefined,
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    message: error.message,
  }
}
