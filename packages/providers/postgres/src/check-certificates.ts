/**
 * Whether the target asks logins for their own client certificate, in every way in which it can be reached from here.
 *
 * Limit: not over the target's Unix socket, nor from addresses for which pg_hba.conf says something else.
 */
import { generateKeyPairSync } from 'node:crypto'
import { MayflyError } from '@mayfly/domain'
import { type AccountHandle, type CheckFinding, isLoginRefused, type IssuedAccount } from '@mayfly/provider-kit'
import { hostBasedRules } from './host-based-rules.ts'
import { type LoginTry, type LoginWith, passwordOf, tryLogin } from './probe-login.ts'
import type { ClientKey, Sessions } from './postgres-session.ts'
import type { PostgresWay } from './postgres-way.ts'

/** A key of the probe's own; kept in memory alone. */
export function makeProbeKey(): { readonly publicKeyPem: string; readonly privateKeyPem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    publicKeyPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/** @param ofOther the certificate of another login, with its key */
export async function checkCertificateAsked(
  sessions: Sessions,
  group: string,
  issued: IssuedAccount,
  ofOther: ClientKey,
): Promise<readonly CheckFinding[]> {
  const ways: readonly (readonly [string, LoginWith])[] = [
    ['without a client certificate', {}],
    ['with the certificate of another login', { client: ofOther }],
    ['without TLS, where no certificate is shown', { plain: true }],
  ]
  const findings: CheckFinding[] = []
  for (const [how, way] of ways) {
    const tried: LoginTry = await tryLogin(sessions, issued, passwordOf(issued), way)
    if (tried.refused !== undefined) continue
    await tried.client.end()
    findings.push({
      check: 'certificate',
      outcome: 'failed',
      detail: `the target lets a login in ${how}, so logins are not bound to the key of their holder`,
      hint: rulesHint(sessions, group),
    })
  }
  if (findings.length > 0) return findings
  return [{ check: 'certificate', outcome: 'passed', detail: 'a login is let in with its own client certificate only' }]
}

/**
 * Whether Mayfly's own login comes in while it is a member of a login that ends, as it is whenever it clears up.
 *
 * @param logInAnew opens a new session of Mayfly's own login
 */
export async function checkOwnRule(
  sessions: Sessions,
  way: Pick<PostgresWay, 'disable' | 'adopt'>,
  group: string,
  { accountName }: AccountHandle,
  logInAnew: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  await way.disable([accountName], signal)
  await way.adopt([accountName], signal)
  try {
    await logInAnew(signal)
    return []
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== 'target_rights_missing' || isLoginRefused(error)) throw error
    return [
      {
        check: 'certificate',
        outcome: 'failed',
        detail: `while Mayfly clears up after a login it is a member of \`${group}\` itself, and the target then refuses it`,
        hint: rulesHint(sessions, group),
      },
    ]
  }
}

export function rulesHint({ username }: Sessions, group: string): string {
  const rules = hostBasedRules({ login: username, group }).map((rule) => `\`${rule}\``)
  return `let pg_hba.conf of the target begin with ${rules.join(', ')}, and reload it`
}
