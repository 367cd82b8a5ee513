/**
 * The `x509` credential provider: certificates of a private authority, for each credential one.
 *
 * Promise: a certificate says nothing that its role does not permit and never lives longer than its row. Its end is
 * published from the commit of the revocation on, as a list, a delta and an answer of OCSP. Nothing is kept at a target:
 * *cut* and *removed* are that whoever asks is told that it has ended.
 * Limits: see `guarantees.limits`.
 */
import { MayflyError, prepareIssuer } from '@mayfly/domain'
import {
  type AccountHandle,
  accountNameOf,
  type AccountProvider,
  type BulkRevocable,
  credentialOfAccountName,
  type PublicAnswer,
  type Publisher,
  reportPublishedEnds,
  type Target,
} from '@mayfly/provider-kit'
import { answerOcsp } from './answer-ocsp.ts'
import { completeSecret } from './complete-secret.ts'
import { crlPublisher } from './publish-crl.ts'
import { readAuthority } from './read-authority.ts'
import { checkAuthority } from './x509-check.ts'
import { x509Guide } from './x509-guide.ts'
import { issueCertificate } from './x509-issue.ts'
import { type X509Permission, x509Permission } from './x509-permission.ts'
import { type X509Secret, x509Secret, type X509Settings, x509Settings } from './x509-settings.ts'
import { documentNames, type X509Way } from './x509-way.ts'

export type X509Target = Target<X509Permission> & BulkRevocable & Publisher

const authorityMaxAgeSeconds = 3_600

export const x509Provider = {
  kind: 'x509',
  title: 'Certificates (X.509)',
  settings: x509Settings,
  secret: x509Secret,
  addressSettings: [],
  permission: x509Permission,
  guarantees: {
    expiryEnforcedBy: 'target',
    revokeCutsOpenSessions: false,
    bindings: ['key', 'none'],
    holderKeys: ['csr', 'spki'],
    limits: [
      'a verifier that asks neither the list nor OCSP accepts a revoked certificate until it expires',
      'a verifier that keeps a list or an answer learns of an end when it fetches the next one; `crl_seconds` and `ocsp_seconds` say how long it may keep them',
      'a connection that is open when a certificate ends goes on as long as both ends let it',
      'whoever steals the key of the authority signs certificates that no row knows; OCSP calls them unknown, a list does not name them',
      'a new authority is entered in place of the old one: what the old one issued is then published under the new name, so end it first',
    ],
  },
  guide: () => x509Guide,
  plan: (credentialId) => ({ credentialId, accountName: accountNameOf(credentialId) }),
  credentialOf: credentialOfAccountName,
  completeSecret,
  keepsNoAccount: true,
  documents: [
    { name: documentNames.authorityPem, title: 'certificate of the authority, PEM' },
    { name: documentNames.authority, title: 'certificate of the authority, DER' },
    { name: documentNames.crl, title: 'revocation list' },
    { name: documentNames.deltaCrl, title: 'delta to the revocation list' },
    { name: documentNames.ocsp, title: 'OCSP responder', accepts: 'application/ocsp-request' },
  ],

  async open({ settings, secret, published }): Promise<X509Target> {
    const { ca_certificate_pem: pem, ca_private_key_pem: key } = secret
    if (pem === undefined || key === undefined) {
      throw new MayflyError('settings_invalid', { publicDetail: 'the resource has no authority yet' })
    }
    if (published === undefined) throw new MayflyError('internal', { log: 'x509: opened without what has ended' })
    const authority = readAuthority(pem, key.reveal(), new Date())
    const at = (name: string) => `${published.url}/${name}`
    const way: X509Way = {
      settings,
      authority,
      published,
      encode: prepareIssuer({
        signer: authority.signer,
        name: authority.certificate.subject.der,
        keyId: authority.keyId,
        crlUris: [at(documentNames.crl)],
        deltaCrlUris: [at(documentNames.deltaCrl)],
        authorityInfoAccess: { ocsp: [at(documentNames.ocsp)], caIssuers: [at(documentNames.authority)] },
      }),
    }
    const lists = crlPublisher(way)
    let closed = false
    const requireOpen = (signal: AbortSignal) => {
      if (closed) throw new MayflyError('target_unreachable', { log: 'x509: the target is closed' })
      if (signal.aborted) throw new MayflyError('target_timeout', { log: 'x509: aborted by the caller' })
    }
    return {
      revokeBatchSize: 1_000,
      async issue(handle, request, signal) {
        requireOpen(signal)
        return issueCertificate(way, handle, request, signal)
      },
      async revoke(handles, report, signal) {
        requireOpen(signal)
        await reportPublishedEnds(published, handles, report, signal)
      },
      async observe(handles, signal) {
        requireOpen(signal)
        const ended = await published.ended(
          handles.map((handle) => handle.credentialId),
          signal,
        )
        return handles.map((handle) => ({
          handle,
          state: ended.has(handle.credentialId) || isOver(handle) ? 'absent' : 'usable',
          openSessions: 0,
        }))
      },
      async publish({ document, body }, signal): Promise<PublicAnswer | undefined> {
        switch (document) {
          case documentNames.authorityPem:
            return {
              mediaType: 'application/x-pem-file',
              body: Buffer.from(authority.certificatePem),
              maxAgeSeconds: authorityMaxAgeSeconds,
            }
          case documentNames.authority:
            return {
              mediaType: 'application/pkix-cert',
              body: authority.certificate.der,
              maxAgeSeconds: authorityMaxAgeSeconds,
            }
          case documentNames.crl:
            return { mediaType: 'application/pkix-crl', body: await lists.whole(signal), maxAgeSeconds: 0 }
          case documentNames.deltaCrl:
            return { mediaType: 'application/pkix-crl', body: await lists.delta(signal), maxAgeSeconds: 0 }
          case documentNames.ocsp:
            return {
              mediaType: 'application/ocsp-response',
              body: await answerOcsp(way, body ?? new Uint8Array(0), signal),
              maxAgeSeconds: 0,
            }
          default:
            return undefined
        }
      },
      async check(probe, signal) {
        requireOpen(signal)
        return checkAuthority(way, lists, probe, signal)
      },
      async close() {
        closed = true
      },
    }
  },
} satisfies AccountProvider<X509Settings, X509Permission, X509Secret>

function isOver({ expiresAt }: AccountHandle): boolean {
  // A certificate says whole seconds, never later than asked.
  return expiresAt !== undefined && Math.floor(expiresAt.getTime() / 1_000) * 1_000 <= Date.now()
}
