/**
 * The `jwt` credential provider: a signed token for one audience, for each credential.
 *
 * Promise: a token says nothing that its row does not say, and never lives longer. Its end is published from the commit of
 * the revocation on. Nothing is kept at a target, so there is nothing to remove there: *cut* and *removed* are that the
 * issuer, asked where it is written, calls it ended.
 * Limits: see `guarantees.limits`. Who is given one, on whose behalf, and what it is bound to, the server decides.
 */
import { type CredentialId, MayflyError } from '@mayfly/domain'
import {
  type AccountHandle,
  type AccountProvider,
  type PublishedEnds,
  reportPublishedEnds,
  type Target,
} from '@mayfly/provider-kit'
import { jwtGuide } from './jwt-guide.ts'
import { type JwtPermission, jwtPermission } from './jwt-permission.ts'
import { type JwtSecret, jwtSecret, type JwtSettings, jwtSettings } from './jwt-settings.ts'
import { signToken } from './sign-token.ts'

export const jwtProvider = {
  kind: 'jwt',
  title: 'Signed tokens (JWT)',
  settings: jwtSettings,
  secret: jwtSecret,
  addressSettings: [],
  permission: jwtPermission,
  guarantees: {
    expiryEnforcedBy: 'target',
    revokeCutsOpenSessions: false,
    bindings: ['key', 'none'],
    limits: [
      'a verifier that asks neither introspection nor the status list accepts a revoked token until its `exp`, at most `max_ttl_seconds`',
      'a verifier that reads the status list learns of an end when it reads the list again; the list says after how many seconds it should',
      'what a verifier has let in goes on as long as the verifier lets it: a session of its own is not ended',
      'a token exchanged at a cloud is worth what the cloud gave for it until that ends, whatever becomes of the token',
    ],
  },
  guide: () => jwtGuide,
  plan: (credentialId) => ({ credentialId, accountName: `jwt_${credentialId.replaceAll('-', '')}` }),
  selfContained: {
    algorithm: (settings) => settings.algorithm,
    audience: (settings) => settings.audience,
    maxTtlSeconds: (settings) => settings.max_ttl_seconds,
    scopes: (permission) => permission.scopes,
  },

  async open({ settings, published }): Promise<Target<JwtPermission>> {
    return {
      async issue({ credentialId }, { permission, expiresAt, statement }, signal) {
        refuseAborted(signal, 'issue')
        if (statement === undefined) throw new MayflyError('internal', { log: 'jwt: issue without a statement' })
        const token = await signToken({ settings, permission, statement, tokenId: credentialId, expiresAt })
        const { scopes } = permission
        return {
          fields: {
            token,
            token_type: statement.confirmation?.['jkt'] === undefined ? 'Bearer' : 'DPoP',
            audience: settings.audience.join(' '),
            ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
          },
          boundTo: statement.boundTo,
          expiresAt,
        }
      },
      async revoke(handles, report, signal) {
        refuseAborted(signal, 'revoke')
        await reportPublishedEnds(requirePublished(published), handles, report, signal)
      },
      async observe(handles, signal) {
        refuseAborted(signal, 'observe')
        const ended = await requirePublished(published).ended(idsOf(handles), signal)
        return handles.map((handle) => ({
          handle,
          state: ended.has(handle.credentialId) ? 'absent' : 'usable',
          openSessions: 0,
        }))
      },
      async check() {
        return [
          {
            check: 'settings',
            outcome: 'passed',
            detail: `tokens are for \`${settings.audience.join('`, `')}\`, signed with ${settings.algorithm}`,
          },
          {
            check: 'verifier',
            outcome: 'warned',
            detail: 'what the resource server checks cannot be seen from here',
            hint: 'read `mayfly resource guide jwt` at the resource server',
          },
        ]
      },
      close: () => Promise.resolve(),
    }
  },
} satisfies AccountProvider<JwtSettings, JwtPermission, JwtSecret>

function refuseAborted(signal: AbortSignal, call: string): void {
  if (signal.aborted) throw new MayflyError('target_timeout', { log: `jwt: ${call}: aborted by the caller` })
}

function requirePublished(published: PublishedEnds | undefined): PublishedEnds {
  if (published === undefined) throw new MayflyError('internal', { log: 'jwt: opened without what verifiers are told' })
  return published
}

function idsOf(handles: readonly AccountHandle[]): readonly CredentialId[] {
  return handles.map((handle) => handle.credentialId)
}
