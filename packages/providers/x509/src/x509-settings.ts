import { hints, Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { isCertificatePem, isPrivateKeyPem } from './read-authority.ts'

const nameText = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}]*$/u, { error: 'holds a control character' })

/** What the authority is called, and how long what it publishes holds. */
export const x509Settings = z.strictObject({
  /** CN of the authority that Mayfly makes; of one that is entered its own name holds. */
  common_name: nameText.meta(hints({ description: 'what the authority is called, e.g. Orders internal CA' })),
  /** O of the authority and of what it issues. */
  organization: nameText
    .optional()
    .meta(hints({ asked: true, description: 'O of the authority and of what it issues' })),
  /** Of the key that Mayfly makes. */
  key_type: z.enum(['P-256', 'P-384']).default('P-256'),
  /** How long the authority that Mayfly makes lives. */
  authority_days: z.int().min(30).max(7_300).default(3_650),
  /** No certificate lives longer, whatever policy and role say. */
  max_ttl_seconds: z.int().min(60).max(2_678_400).default(86_400),
  /** How long a revocation list holds: a verifier may go by it until then without asking again. */
  crl_seconds: z.int().min(60).max(604_800).default(3_600),
  /** The same of an answer of OCSP. */
  ocsp_seconds: z.int().min(60).max(604_800).default(600),
})
export type X509Settings = z.output<typeof x509Settings>

const keyPem = z
  .string()
  .max(16_384)
  .refine(isPrivateKeyPem, { error: 'not a private key in PEM (PKCS #8): P-256, P-384, or RSA of at least 2048 bits' })
  .transform((text) => new Secret(text))

/** Empty: Mayfly makes the authority. Else both. */
export const x509Secret = z
  .strictObject({
    ca_certificate_pem: z
      .string()
      .max(16_384)
      .refine(isCertificatePem, { error: 'not one certificate in PEM' })
      .optional(),
    ca_private_key_pem: z.union([keyPem, z.instanceof(Secret)]).optional(),
  })
  .refine((secret) => (secret.ca_certificate_pem === undefined) === (secret.ca_private_key_pem === undefined), {
    error: 'enter certificate and key, or neither: then Mayfly makes the authority',
    path: ['ca_certificate_pem'],
  })
export type X509Secret = z.output<typeof x509Secret>
