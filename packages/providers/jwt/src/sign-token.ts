/** The token itself: a JWT of the profile of RFC 9068, with what RFC 8693, 9396, 7800 and the status list draft add. */
import type { JsonObject } from '@mayfly/domain'
import { Secret, type TokenStatement } from '@mayfly/provider-kit'
import type { JwtPermission } from './jwt-permission.ts'
import type { JwtSettings } from './jwt-settings.ts'

export interface TokenContent {
  readonly settings: JwtSettings
  readonly permission: JwtPermission
  readonly statement: TokenStatement
  /** `jti`: the credential's id. */
  readonly tokenId: string
  readonly expiresAt: Date
}

export function tokenClaims({ settings, permission, statement, tokenId, expiresAt }: TokenContent): JsonObject {
  const { act, confirmation, authorizationDetails, taskId } = statement
  const [only, ...others] = settings.audience
  return {
    ...settings.claims,
    ...permission.claims,
    iss: statement.issuer,
    sub: statement.subject,
    aud: only !== undefined && others.length === 0 ? only : [...settings.audience],
    client_id: statement.clientId,
    ...(permission.scopes.length === 0 ? {} : { scope: permission.scopes.join(' ') }),
    ...(authorizationDetails === undefined ? {} : { authorization_details: authorizationDetails }),
    iat: seconds(statement.issuedAt),
    exp: seconds(expiresAt),
    jti: tokenId,
    ...(act === undefined ? {} : { act: act as unknown as JsonObject }),
    ...(confirmation === undefined ? {} : { cnf: confirmation }),
    status: { status_list: { idx: statement.status.idx, uri: statement.status.uri } },
    ...(taskId === undefined ? {} : { mayfly_task: taskId }),
  }
}

export async function signToken(content: TokenContent): Promise<Secret> {
  const { statement, settings } = content
  const header = { alg: statement.algorithm, typ: settings.typ, kid: statement.keyId }
  const text = `${encode(header)}.${encode(tokenClaims(content))}`
  const signature = await statement.sign(Buffer.from(text, 'latin1'))
  return new Secret(`${text}.${Buffer.from(signature).toString('base64url')}`)
}

/** A token never says that it lives longer than its row does. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
