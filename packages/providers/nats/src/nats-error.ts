/**
 * From what the client library, the network and the servers say to one code of ours. Their own words go to the log part
 * only: they may name hosts and keys.
 */
import { MayflyError } from '@mayfly/domain'
import { loginRefused } from '@mayfly/provider-kit'
import { errors } from '@nats-io/transport-node'

const guideHint = 'give the user of the system account the rights of `mayfly resource guide nats`'

export function targetError(error: unknown, doing: string): MayflyError {
  if (error instanceof MayflyError) return error
  const log = `nats: ${doing}: ${describe(error)}`
  const chain = causesOf(error)
  const some = (kind: new (...args: never[]) => Error) => chain.some((one) => one instanceof kind)
  if (some(errors.PermissionViolationError)) {
    return new MayflyError('target_rights_missing', {
      log,
      publicDetail: "Mayfly's login lacks a right at the target",
      hint: guideHint,
    })
  }
  if (some(errors.AuthorizationError) || some(errors.UserAuthenticationExpiredError)) {
    return loginRefused({
      log,
      publicDetail: "the target refuses Mayfly's own login",
      hint: "enter valid credentials of a user of the system account as the resource's secret",
    })
  }
  if (some(errors.NoRespondersError)) {
    return new MayflyError('target_rights_missing', {
      log,
      publicDetail: 'nobody at the target answers what is asked of the system account',
      hint: 'use credentials of a user of the system account, and servers with `resolver: { type: full }`',
    })
  }
  if (some(errors.TimeoutError)) return new MayflyError('target_timeout', { log })
  const text = chain.map((one) => `${codeOf(one)} ${one.message}`).join(' ')
  if (
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET|ERR_TLS|ERR_SSL|support 'tls'|'tls' is not available/.test(text)
  ) {
    return new MayflyError('target_unsafe', {
      log,
      publicDetail: 'the certificate of the target was not accepted, or it offers no TLS',
      hint: 'set `tls.ca_pem` to the CA of the target, and `servers` to names in its certificate',
    })
  }
  return new MayflyError('target_unreachable', { log })
}

function describe(error: unknown): string {
  return causesOf(error)
    .map((one) => `${one.name} ${codeOf(one)} ${one.message}`.slice(0, 300))
    .join(' <- ')
}

/** The error and what it came of; the library wraps. */
function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) {
    chain.push(at)
    if (at instanceof AggregateError) chain.push(...at.errors.filter((one): one is Error => one instanceof Error))
  }
  return chain.length > 0 ? chain : [new Error(String(error))]
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
