/**
 * From what the client library, the network and the target say to one code of ours.
 *
 * The target's own words go to the log part only: they may name hosts and accounts.
 */
import { MayflyError, type ProblemCode } from '@mayfly/domain'
import { loginRefused } from '@mayfly/provider-kit'
import { ErrorReply } from '@redis/client'

interface Cause {
  readonly code: ProblemCode
  readonly publicDetail: string
  readonly hint?: string
}

const guideHint = 'run the commands of `mayfly resource guide redis` on each node of the target again'

/** By the first word of an error reply (Redis documentation, "RESP protocol": errors begin with a code in capitals). */
const byPrefix: Readonly<Record<string, Cause>> = {
  NOPERM: {
    code: 'target_rights_missing',
    publicDetail: "Mayfly's login lacks a right at the target",
    hint: guideHint,
  },
  BUSY: {
    code: 'target_timeout',
    publicDetail: 'a script at the target has been running for seconds, and nothing else is done there meanwhile',
    hint: 'wait for it, or end it with `SCRIPT KILL`',
  },
  LOADING: { code: 'target_unreachable', publicDetail: 'the target is still loading its data' },
  MASTERDOWN: { code: 'target_unreachable', publicDetail: 'a replica of the target has lost its primary' },
  CLUSTERDOWN: { code: 'target_unreachable', publicDetail: 'the cluster does not serve all of its slots' },
  READONLY: { code: 'target_unreachable', publicDetail: 'the primary of the target has changed' },
  MOVED: { code: 'target_unreachable', publicDetail: 'slots of the cluster have moved' },
  ASK: { code: 'target_unreachable', publicDetail: 'slots of the cluster are moving' },
  TRYAGAIN: { code: 'target_unreachable', publicDetail: 'slots of the cluster are moving' },
  NOREPLICAS: { code: 'target_refused', publicDetail: 'the target takes no writes without its replicas' },
  MISCONF: { code: 'target_refused', publicDetail: 'the target takes no writes, because it cannot save its data' },
  OOM: {
    code: 'target_refused',
    publicDetail: 'the memory of the target is full, so it takes no writes',
    hint: 'Mayfly writes one small key for a few seconds when it makes a credential',
  },
  DENIED: {
    code: 'target_refused',
    publicDetail: 'the target is in protected mode and takes no connection from here',
    hint: 'set a password for the user `default` there, and `bind` as you need it',
  },
}

const networkTimeouts = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT'])

export function targetError(error: unknown, doing: string): MayflyError {
  if (error instanceof MayflyError) return error
  if (error instanceof ErrorReply) return replyError(error, doing)
  const { code, message } = readError(error)
  const log = `redis: ${doing}: ${code ?? 'no code'}: ${message}`
  if (code !== undefined && networkTimeouts.has(code)) return new MayflyError('target_timeout', { log })
  if (/wrong version number|packet length too long|EPROTO|ERR_SSL_/.test(`${code} ${message}`)) {
    return new MayflyError('target_unsafe', {
      log,
      publicDetail: 'the target does not offer TLS at this port',
      hint: 'set `tls-port` at the target; on loopback the setting `tls: { mode: disabled_loopback_only }` does without',
    })
  }
  if (code !== undefined && (code.startsWith('ERR_TLS') || /CERT|SELF_SIGNED|UNABLE_TO/.test(code))) {
    return new MayflyError('target_unsafe', {
      log,
      publicDetail: 'the certificate of the target was not accepted',
      hint: 'set `tls.ca_pem` to the CA of the target; the certificate of each node must name the address that it is reached by',
    })
  }
  if (/timeout/i.test(message)) return new MayflyError('target_timeout', { log })
  return new MayflyError('target_unreachable', { log })
}

/** What an error reply means. */
export function replyError(error: Error, doing: string): MayflyError {
  const prefix = /^[A-Z]+/.exec(error.message)?.[0] ?? ''
  const log = `redis: ${doing}: ${error.message}`
  if (prefix === 'WRONGPASS' || prefix === 'NOAUTH') {
    return loginRefused({
      log,
      publicDetail: "the target refuses Mayfly's own login",
      hint: "if its password was changed at the target, enter it again as the resource's secret",
    })
  }
  const known = byPrefix[prefix]
  if (known) {
    return new MayflyError(known.code, {
      log,
      publicDetail: known.publicDetail,
      ...(known.hint === undefined ? {} : { hint: known.hint }),
    })
  }
  if (/unknown (sub)?command/i.test(error.message)) {
    return new MayflyError('target_refused', {
      log,
      publicDetail: 'the target does not know a command that Mayfly needs',
      hint: 'Redis 7.0 or later, or Valkey, is needed',
    })
  }
  return new MayflyError('target_refused', { log, publicDetail: 'the target refused' })
}

/** The system code of a thrown value, and its text. The cause itself is dropped: it may hold more than it should. */
export function readError(error: unknown): { code: string | undefined; message: string } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  return { code: 'code' in error && typeof error.code === 'string' ? error.code : undefined, message: error.message }
}
