/**
 * From what the network and the servers say to one code of ours. Their own words go to the log part only: they may name
 * hosts and keys.
 */
import { MayflyError } from '@mayfly/domain'
import { loginRefused } from '@mayfly/provider-kit'

/** What made a connection or a call fail, as the network tells it. */
export function networkError(error: unknown, doing: string): MayflyError {
  if (error instanceof MayflyError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const log = `nats: ${doing}: ${code} ${message}`
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return new MayflyError('target_unsafe', {
      log,
      publicDetail: 'the certificate of the target was not accepted',
      hint: 'set `tls.ca_pem` to the CA of the target, and `servers` to names in its certificate',
    })
  }
  return new MayflyError('target_unreachable', { log })
}

/** What a server says in `-ERR`. */
export function protocolError(text: string, doing: string): MayflyError {
  const log = `nats: ${doing}: ${text.slice(0, 300)}`
  if (isPermissionError(text)) return rightMissing(log)
  if (/^(authorization violation|(user|account) authentication|authentication)/i.test(text)) {
    return loginRefused({
      log,
      publicDetail: "the target refuses Mayfly's own login",
      hint: "enter valid credentials of a user of the system account as the resource's secret",
    })
  }
  if (/maximum .*connections exceeded/i.test(text)) {
    return new MayflyError('target_unreachable', { log, publicDetail: 'the target has no free connection' })
  }
  return new MayflyError('target_unreachable', { log, publicDetail: 'the target ended the connection' })
}

export function isPermissionError(text: string): boolean {
  return /^permissions violation/i.test(text)
}

export function rightMissing(log: string): MayflyError {
  return new MayflyError('target_rights_missing', {
    log,
    publicDetail: "Mayfly's login lacks a right at the target",
    hint: 'give the user of the system account the rights of `mayfly resource guide nats`',
  })
}

/** Nobody is subscribed to what was asked. */
export function nobodyAnswers(doing: string): MayflyError {
  return new MayflyError('target_rights_missing', {
    log: `nats: ${doing}: no responders`,
    publicDetail: 'nobody at the target answers what is asked of the system account',
    hint: 'use credentials of a user of the system account, and servers with `resolver: { type: full }`',
  })
}

export function unsafeTarget(log: string, publicDetail: string, hint: string): MayflyError {
  return new MayflyError('target_unsafe', { log: `nats: ${log}`, publicDetail, hint })
}
