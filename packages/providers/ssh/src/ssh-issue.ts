/** Issues one certificate: for a key that the workload keeps, or for one made here and handed over. */
import { generateKeyPairSync } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  fillPlaces,
  type IssuedAccount,
  type IssueRequest,
  requireAccountNames,
  requireParametersUsed,
  Secret,
  sourceAddressOf,
  rememberByText,
} from '@mayfly/provider-kit'
import { encodeCertificate } from './encode-certificate.ts'
import { formatOpensshPrivateKey } from './openssh-private-key.ts'
import { serialOf } from './serial-number.ts'
import { type SshPermission, sshPermission } from './ssh-permission.ts'
import {
  formatPublicKeyLine,
  holderKeyTypes,
  parsePublicKeyLine,
  type SshPublicKey,
  sshPublicKeyOf,
} from './ssh-public-key.ts'
import type { SshWay } from './ssh-way.ts'

/** Clocks of hosts may be behind. */
const backdateMs = 60_000
const principalShape = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62})$/
const hostLabelShape = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** @throws MayflyError `request_invalid` at `/public_key`, `target_refused`, `target_timeout` */
export function issueCertificate(
  { settings, userAuthority, hostAuthority }: SshWay,
  handle: AccountHandle,
  request: IssueRequest<SshPermission>,
  signal: AbortSignal,
): IssuedAccount {
  requireAccountNames([handle])
  if (signal.aborted || Date.now() >= request.createDeadlineAt.getTime()) {
    throw new MayflyError('target_timeout', { log: 'ssh: the caller has gone, or its deadline has passed' })
  }
  const permission = parsePermission(request.permission)
  const { parameters, holder } = request
  const own = holder?.publicKey === undefined ? undefined : readHolderKey(holder.publicKey)
  const made = own === undefined ? generateKeyPairSync('ed25519').privateKey : undefined
  const publicKey = own ?? (made && sshPublicKeyOf(made))
  if (publicKey === undefined) throw new Error('a certificate has a key')
  const now = Date.now()
  const validBefore = wholeSeconds(Math.min(request.expiresAt.getTime(), now + settings.max_ttl_seconds * 1_000))
  requireParametersUsed(permission.principals, parameters)
  const principals = permission.principals.map((name) =>
    fillPlaces(name, parameters, permission.type === 'user' ? principalShape : hostLabelShape),
  )
  if (principals.some((name) => name.startsWith('mayfly-'))) {
    throw new MayflyError('target_refused', { publicDetail: 'names that begin with `mayfly-` are not for roles' })
  }
  const source = permission.type === 'user' && settings.bind_source_address ? sourceAddressOf(holder) : undefined
  const serial = serialOf(handle.credentialId)
  const certificate = encodeCertificate(permission.type === 'user' ? userAuthority : hostAuthority, {
    publicKey,
    type: permission.type,
    serial,
    keyId: handle.accountName,
    principals,
    validAfter: new Date(now - backdateMs),
    validBefore,
    criticalOptions: {
      ...(permission.type === 'user' && permission.force_command !== undefined
        ? { 'force-command': permission.force_command }
        : {}),
      ...(source === undefined ? {} : { 'source-address': source }),
    },
    extensions: permission.type === 'user' ? permission.permit.map((right) => `permit-${right}`) : [],
  })
  return {
    fields: {
      certificate: formatPublicKeyLine(certificate, handle.accountName),
      public_key: formatPublicKeyLine(publicKey),
      serial_number: String(serial),
      principals: principals.join(','),
      valid_before: validBefore.toISOString(),
      // What the other side is known by.
      ...(permission.type === 'user'
        ? {
            known_hosts: `@cert-authority ${settings.known_hosts_pattern} ${formatPublicKeyLine(hostAuthority.publicKey)}`,
          }
        : { trusted_user_authority: formatPublicKeyLine(userAuthority.publicKey) }),
      ...(made && { private_key: new Secret(formatOpensshPrivateKey(made, handle.accountName)) }),
    },
    boundTo: made === undefined ? 'key' : source === undefined ? 'none' : 'address',
    expiresAt: validBefore,
  }
}

/** Never later than asked. */
function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1_000) * 1_000)
}

/** What was stored may be of another version, and its words go under a signature: judged again. */
const parsePermission = rememberByText((given: SshPermission): SshPermission => {
  const parsed = sshPermission.safeParse(given)
  if (parsed.success) return parsed.data
  throw new MayflyError('target_refused', {
    log: `ssh: permission: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
    publicDetail: 'the permission of the role is not valid for SSH',
  })
}, 100)

function readHolderKey(text: string): SshPublicKey {
  const key = parsePublicKeyLine(text.trim())
  if (key !== undefined) return key
  const fault = `not a line of a public key of SSH: ${holderKeyTypes.join(', ')} (RSA of 2048 to 8192 bits)`
  throw new MayflyError('request_invalid', {
    publicDetail: 'the public key cannot be used',
    hint: 'send the line of `~/.ssh/id_ed25519.pub`; `ssh-keygen -t ed25519` makes a key',
    fields: [{ pointer: '/public_key', detail: fault }],
  })
}
