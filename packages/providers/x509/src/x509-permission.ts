/** What a role permits: which names a certificate may have, and what its key is for. Closed words, no templates of code. */
import { parseIpAddress } from '@mayfly/domain'
import { hints, pemKeyTypes } from '@mayfly/provider-kit'
import { z } from 'zod'

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
/** A label or a part of one may be a parameter: `{host}.orders.example`. */
const place = '\\{[a-z][a-z0-9_]{0,62}\\}'
const dnsShape = new RegExp(`^(?:\\*\\.)?(?:${label}|${place})(?:\\.(?:${label}|${place}))*$`)

const dns = z
  .string()
  .max(253)
  .regex(dnsShape, { error: 'not a DNS name in lower case, e.g. `api.orders.example` or `{host}.orders.example`' })
const ip = z.string().refine((text) => parseIpAddress(text) !== undefined, { error: 'not an IP address' })
const uri = z
  .string()
  .max(500)
  .regex(/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/, { error: 'not an absolute URI in ASCII' })
  // Those are the trust domain's to give, with its own proofs.
  .refine((text) => !/^spiffe:/i.test(text), { error: 'SPIFFE IDs come from the trust domain: `mayfly svid`' })
const email = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9.-]+$/, { error: 'not a mail address' })

export const certificateUses = ['server', 'client', 'code_signing', 'email'] as const

export const x509Permission = z
  .strictObject({
    /** CN; may hold parameters. Absent: none, and the names are critical. */
    common_name: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta(hints({ asked: true, description: 'the name (CN) in its certificates, where verifiers want one' })),
    dns: z
      .array(dns)
      .max(50)
      .default([])
      .meta(hints({ asked: true, description: 'DNS names that its certificates may have, e.g. api.orders.example' })),
    ip: z.array(ip).max(50).default([]),
    uri: z.array(uri).max(50).default([]),
    email: z.array(email).max(50).default([]),
    uses: z
      .array(z.enum(certificateUses))
      .min(1)
      .meta(hints({ description: 'what its certificates are for' })),
    /** Which keys a workload may bring. */
    key_types: z
      .array(z.enum(pemKeyTypes))
      .min(1)
      .default([...pemKeyTypes]),
  })
  .refine(
    ({ common_name: name, dns: names, ip: addresses, uri: uris, email: mails }) =>
      name !== undefined || names.length + addresses.length + uris.length + mails.length > 0,
    { error: 'names nobody: give `common_name`, `dns`, `ip`, `uri` or `email`', path: ['dns'] },
  )
export type X509Permission = z.output<typeof x509Permission>
