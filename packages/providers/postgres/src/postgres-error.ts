/**
 * From what `pg`, the network and the target say to one code of ours.
 *
 * The SQLSTATE and the target's own words go to the log part only: they may name hosts, accounts and statements.
 */
import { MayflyError, type ProblemCode } from '@mayfly/domain'
import { loginRefused } from '@mayfly/provider-kit'

interface Cause {
  readonly code: ProblemCode
  readonly publicDetail: string
  readonly hint?: string
}

const guideHint = 'run the SQL of `mayfly resource guide postgres` at the target again'

/** SQLSTATEs (PostgreSQL appendix A) and those that our own functions raise (MF…). */
const bySqlState: Readonly<Record<string, Cause>> = {
  MF001: { code: 'target_refused', publicDetail: "Mayfly's functions at the target refused a value" },
  MF002: {
    code: 'target_timeout',
    publicDetail: 'the target began too late, so it created nothing',
    hint: 'if it happens every time, compare the clocks of the target and of Mayfly',
  },
  MF003: {
    code: 'target_rights_missing',
    publicDetail: 'the target does not permit a group of this role',
    hint: 'add the group to mayfly.permitted_group at the target, or correct the role',
  },
  MF004: {
    code: 'target_unsafe',
    publicDetail:
      'a group of this role has attributes of an administrator (superuser, createrole, createdb, replication or bypassrls)',
    hint: 'use a group without these attributes',
  },
  MF006: {
    code: 'target_rights_missing',
    publicDetail: 'the target does not let Mayfly change the secret of this account',
    hint: 'add it to mayfly.rotatable_account at the target; an administrator, or an account that does not log in, is never changed',
  },
  '28000': {
    code: 'target_rights_missing',
    publicDetail: "the target refuses Mayfly's own login",
    hint: 'let pg_hba.conf of the target let it in with `scram-sha-256`, in a line before those for client certificates',
  },
  '3D000': { code: 'target_refused', publicDetail: 'the target has no such database' },
  '42501': {
    code: 'target_rights_missing',
    publicDetail: "Mayfly's login lacks a right at the target",
    hint: guideHint,
  },
  '42883': {
    code: 'target_rights_missing',
    publicDetail: "Mayfly's functions are missing or too old",
    hint: guideHint,
  },
  '3F000': { code: 'target_rights_missing', publicDetail: "Mayfly's functions are missing", hint: guideHint },
  '42704': { code: 'target_refused', publicDetail: 'a group of this role does not exist at the target' },
  '42710': { code: 'target_refused', publicDetail: 'an account of this name exists already' },
  '55P03': { code: 'target_timeout', publicDetail: 'something at the target holds a lock for too long' },
  '57014': { code: 'target_timeout', publicDetail: 'the target answered too late' },
  '53300': { code: 'target_unreachable', publicDetail: 'the target has no free connection' },
  '57P01': { code: 'target_unreachable', publicDetail: 'the target ended the connection' },
  '57P03': { code: 'target_unreachable', publicDetail: 'the target is not accepting connections yet' },
  '25006': { code: 'target_refused', publicDetail: 'the target is read-only', hint: 'name the primary, not a replica' },
}

/** The target's answer to a wrong password; `28000` says that the login or its address is not let in at all. */
const invalidPassword = '28P01'

const timeouts = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT'])

export function targetError(error: unknown, doing: string): MayflyError {
  if (error instanceof MayflyError) return error
  const { code, message } = readError(error)
  const log = `postgres: ${doing}: ${code ?? 'no code'}: ${message}`
  if (code === invalidPassword) {
    return loginRefused({
      log,
      publicDetail: "the target refuses Mayfly's own login",
      hint: "if its password was changed at the target, enter it again as the resource's secret",
    })
  }
  if (code !== undefined) {
    const known = bySqlState[code]
    if (known) {
      return new MayflyError(known.code, {
        log,
        publicDetail: known.publicDetail,
        ...(known.hint === undefined ? {} : { hint: known.hint }),
      })
    }
    if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
      return new MayflyError('target_refused', { log, publicDetail: `the target refused (${code})` })
    }
    if (timeouts.has(code)) return new MayflyError('target_timeout', { log })
    if (code.startsWith('ERR_TLS') || /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET/.test(code)) {
      return new MayflyError('target_unsafe', {
        log,
        publicDetail: 'the certificate of the target was not accepted',
        hint: 'set `tls.ca_pem` to the CA of the target, and `host` to a name in its certificate',
      })
    }
  }
  if (/does not support SSL/.test(message)) {
    return new MayflyError('target_unsafe', {
      log,
      publicDetail: 'the target does not offer TLS',
      hint: 'turn on `ssl` at the target; on loopback the setting `tls: { mode: disabled_loopback_only }` does without',
    })
  }
  if (/timeout/i.test(message)) return new MayflyError('target_timeout', { log })
  return new MayflyError('target_unreachable', { log })
}

/** The SQLSTATE or system code of a thrown value, and its text. The cause itself is dropped: it may hold parameters. */
export function readError(error: unknown): { code: string | undefined; message: string; detail: string } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error), detail: '' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const detail = 'detail' in error && typeof error.detail === 'string' ? error.detail : ''
  return { code, message: error.message, detail }
}
