/** Credentials of roles, issued to an identity that proves itself by its JWT-SVID. */
import { answerOf, createMayflyClient, dpopAuthorizer, makeDpop, ProblemError } from '@mayfly/client'
import { jwtSvidProof, makeAccessTokens, type TokenReader } from '@mayfly/client/login'

export interface RoleCredential {
  readonly credentialId: string
  /** What is written. */
  readonly document: Readonly<Record<string, unknown>>
  readonly expiresAtMs: number
  readonly maxExpiresAtMs: number
}

export interface IdentityCredentials {
  /** @throws Error */
  issue(role: string): Promise<RoleCredential>
  /** @returns undefined where it cannot live longer: another is to be issued. @throws Error it may work later */
  renew(credential: RoleCredential): Promise<RoleCredential | undefined>
  /** @throws Error */
  end(credential: RoleCredential): Promise<void>
}

export type CredentialSource = (readJwtSvid: TokenReader, signal: AbortSignal) => IdentityCredentials

export function httpCredentials(url: string, now: () => Date): CredentialSource {
  return (readJwtSvid, signal) => {
    const dpop = makeDpop({ now })
    const tokens = makeAccessTokens(url, jwtSvidProof(readJwtSvid), now, signal, dpop)
    const authorizer = dpopAuthorizer(dpop, () => tokens.current())
    const api = createMayflyClient({ baseUrl: url, authorizer, userAgent: 'mayfly-host-agent' })
    return {
      async issue(role) {
        const issued = await answerOf(api.POST('/v1/credentials', { body: { role }, signal }))
        const { credential_id, expires_at, max_expires_at, fields } = issued
        return {
          credentialId: credential_id,
          document: { credential_id, role: issued.role, expires_at, max_expires_at, fields },
          expiresAtMs: Date.parse(expires_at),
          maxExpiresAtMs: Date.parse(max_expires_at),
        }
      },
      async renew(credential) {
        const init = { params: { path: { id: credential.credentialId } }, body: {}, signal }
        try {
          const { expires_at } = await answerOf(api.POST('/v1/credentials/{id}/renew', init))
          return {
            ...credential,
            expiresAtMs: Date.parse(expires_at),
            document: { ...credential.document, expires_at },
          }
        } catch (error) {
          if (error instanceof ProblemError && error.retry !== 'later' && error.status !== 401) return undefined
          throw error
        }
      },
      async end(credential) {
        const body = { selector: { kind: 'credential', ref: credential.credentialId } } as const
        await answerOf(api.POST('/v1/revocations', { body, signal }))
      },
    }
  }
}
