import { hints, Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { parseOpensshPrivateKey } from './openssh-private-key.ts'
import { parsePublicKeyLine } from './ssh-public-key.ts'
import { readSignerPem, type SshSigner, sshSignerOf } from './ssh-signer.ts'

const host = z.strictObject({
  /** A name or an address, as it is dialled. */
  address: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/, { error: 'not a host name or an address' })
    .meta(hints({ description: 'its name or address, e.g. host-1.example.com' })),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(22)
    .meta(hints({ asked: true, description: 'where sshd listens' })),
  /** The user whom `mayfly-ssh` serves there. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: 'not the name of a user' })
    .default('mayfly')
    .meta(hints({ asked: true, description: 'the user whom `mayfly-ssh` serves there' })),
  /** A line of the host's `/etc/ssh/ssh_host_*_key.pub`. Absent: the host shows a certificate of this resource's host authority. */
  host_key: z
    .string()
    .max(5_000)
    .refine((line) => parsePublicKeyLine(line) !== undefined, {
      error: 'not a public key of SSH, as in `/etc/ssh/ssh_host_ed25519_key.pub`',
    })
    .optional()
    .meta(
      hints({
        asked: true,
        description:
          'the line of its /etc/ssh/ssh_host_ed25519_key.pub; none where it shows a certificate of the host authority',
      }),
    ),
})
export type SshHost = z.output<typeof host>

/** Which hosts believe the resource's authorities, and how long they do. */
export const sshSettings = z
  .strictObject({
    /** Where Mayfly puts the list of what has ended and ends sessions. None: hosts fetch the list, and nothing ends sessions. */
    hosts: z
      .array(host)
      .max(1_000)
      .default([])
      .meta(hints({ asked: 'afterwards', description: 'hosts to which Mayfly brings the list, and ends sessions at' })),
    /** For which names a holder's `ssh` believes the host authority, as in `known_hosts`. */
    known_hosts_pattern: z
      .string()
      .max(1_000)
      .regex(/^[A-Za-z0-9.*?,!:[\]_-]+$/, {
        error: 'not a list of patterns as in `known_hosts`, e.g. `*.orders.example`',
      })
      .default('*')
      .meta(
        hints({
          asked: true,
          description: 'for which names holders believe the host authority, e.g. *.orders.example',
        }),
      ),
    /** Holders connect from the address from which they come to Mayfly: no NAT, no proxy in between. */
    bind_source_address: z.boolean().default(false),
    /** No user certificate lives longer, whatever policy and role say. */
    max_ttl_seconds: z.int().min(60).max(2_678_400).default(86_400),
    connect_timeout_ms: z.int().min(1_000).max(60_000).default(10_000),
    request_timeout_ms: z.int().min(100).max(60_000).default(5_000),
  })
  .superRefine(({ hosts }, context) => {
    const seen = new Set<string>()
    for (const [at, { address, port }] of hosts.entries()) {
      if (seen.has(`${address}:${port}`))
        context.addIssue({ code: 'custom', path: ['hosts', at], message: 'named twice' })
      seen.add(`${address}:${port}`)
    }
  })
export type SshSettings = z.output<typeof sshSettings>

const authorityKey = z.union([
  z
    .string()
    .max(16_384)
    .refine((text) => readAuthorityKey(text) !== undefined, {
      error:
        'not a private key without a passphrase: PEM (PKCS #8) of Ed25519, P-256, P-384 or RSA of at least 2048 bits, or Ed25519 as ssh-keygen writes it',
    })
    .transform((text) => new Secret(text)),
  z.instanceof(Secret),
])

/** The two authorities. What is left out Mayfly makes; its key then never leaves it. */
export const sshSecret = z.strictObject({
  user_authority_key: authorityKey.optional(),
  host_authority_key: authorityKey.optional(),
})
export type SshSecret = z.output<typeof sshSecret>

export function readAuthorityKey(text: string): SshSigner | undefined {
  const openssh = parseOpensshPrivateKey(text)
  return openssh === undefined ? readSignerPem(text) : sshSignerOf(openssh)
}
