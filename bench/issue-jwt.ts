/** How many tokens for an API a second are signed, against the same claims as JSON and a signature with node:crypto. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { type CredentialId, newId } from '@mayfly/domain'
import { jwtProvider } from '@mayfly/provider-jwt'
import type { TokenStatement } from '@mayfly/provider-kit'
import { tokenClaims } from '../packages/providers/jwt/src/sign-token.ts'
import { type Bench, rateResult } from './bench.ts'
import { measureRawTokens } from './limits/self-contained.ts'

const rounds = 7
const inRound = 5_000
const signal = new AbortController().signal

export const issueJwt: Bench = {
  name: 'issue-jwt',
  about: 'tokens for an API (ES256), against the same claims as JSON and a signature with node:crypto, one core',
  async run(say) {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const settings = jwtProvider.settings.parse({ audience: ['https://api.orders.example'], algorithm: 'ES256' })
    const permission = jwtProvider.permission.parse({ scopes: ['orders:read'] })
    const target = await jwtProvider.open({ settings, secret: {} })
    const statement: TokenStatement = {
      issuer: 'https://mayfly.example',
      subject: 'identity:report',
      clientId: 'report',
      issuedAt: new Date(),
      boundTo: 'none',
      status: { idx: 7, uri: 'https://mayfly.example/status/1' },
      keyId: 'key',
      algorithm: 'ES256',
      sign: async (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
    }
    const expiresAt = new Date(Date.now() + 300_000)
    const measure = async () => {
      const handles = Array.from({ length: inRound }, () => jwtProvider.plan(newId()))
      const request = { permission, parameters: {}, expiresAt, createDeadlineAt: expiresAt, statement }
      const startMs = performance.now()
      for (const handle of handles) await target.issue(handle, request, signal)
      return (inRound * 1_000) / (performance.now() - startMs)
    }
    const tokenId = newId<CredentialId>()
    const claims = tokenClaims({ settings, permission, statement, tokenId, expiresAt })
    const raw = () => measureRawTokens(key, () => ({ ...claims }), inRound)
    const [ours, limit]: [number[], number[]] = [[], []]
    await measure()
    raw()
    for (let round = 0; round < rounds; round += 1) {
      limit.push(raw())
      ours.push(await measure())
      say(`round ${round + 1} of ${rounds}`)
    }
    await target.close()
    return [rateResult('issue-jwt', 'tokens/s', ours, limit, 'the claims as JSON and a signature with node:crypto')]
  },
}
