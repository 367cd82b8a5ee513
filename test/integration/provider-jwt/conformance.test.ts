/** The `jwt` provider before verifiers that are not ours (jose), and the introspection and status lists of a real server. */
import { defaultTenantId, type ResourceId } from '@mayfly/domain'
import { type JwtSettings, jwtProvider } from '@mayfly/provider-jwt'
import { changeToken, type IssuedAccount, Secret, selfContainedCases, type TokenStatement } from '@mayfly/provider-kit'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resourceEnds } from '../../../packages/server/src/adapters/targets/resource-ends.ts'
import { getResource } from '../../../packages/server/src/store/resource-rows.ts'
import {
  addApi,
  askFor,
  credentialIdOf,
  introspect,
  openTokensWorld,
  revokeBy,
  statusOf,
  tokenOf,
  type TokensWorld,
  verify,
} from '../tokens/tokens-fixture.ts'

describe.each(['ES256', 'RS256'] as const)('the jwt provider, signed with %s', (algorithm) => {
  const audience = `https://conformance-${algorithm.toLowerCase()}.example`
  const settings: JwtSettings = jwtProvider.settings.parse({ audience: [audience], algorithm })
  let world: TokensWorld
  let resourceId: ResourceId
  beforeAll(async () => {
    world = await openTokensWorld()
    await addApi(world.server, 'checked-api', { audience: [audience], algorithm }, { reader: ['orders:read'] })
    resourceId = await world.server.change(async ({ tx }) => (await getResource(tx, 'checked-api')).resource_id)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const inTenant: TokensWorld['server']['issue']['database']['transaction'] = (...args) =>
    world.server.issue.database.transaction(...args)
  const accepts = (token: string, forWhom: string) =>
    verify(world.server, token, forWhom).then(
      () => true,
      (error: unknown) => {
        // What jose refuses has a code; everything else is no verdict.
        if (typeof (error as { code?: unknown }).code !== 'string') throw error
        return false
      },
    )

  const cases = selfContainedCases({
    provider: jwtProvider,
    // As the server opens it (adapters/targets/targets.ts): asked where introspection and the status list ask.
    open: () =>
      jwtProvider.open({
        settings,
        secret: {},
        published: resourceEnds({
          database: world.server.issue.database,
          now: () => world.server.clock.now(),
          tenantId: defaultTenantId,
          resourceId,
          issuer: world.server.url,
        }),
      }),
    permission: { scopes: ['orders:read'], claims: {} },
    hostilePermissions: [
      ...['a b', 'a"b', 'a\\b', '', 'a\u0000b', 'ä'].map((scope) => ({ scopes: [scope] })),
      ...['aud', 'iss', 'sub', 'exp', 'nbf', 'jti', 'cnf', 'act', 'status', 'scope', 'client_id', 'x y', ''].map(
        (claim) => ({ scopes: [], claims: { [claim]: 'mine' } }),
      ),
      { scopes: ['a', 'a'] },
      { scopes: [], audience: 'https://elsewhere.example' },
      { scopes: [], claims: { team: { nested: true } } },
    ],
    publishedWays: ['introspection', 'status list'],
    /** The row, its place in a status list and its key are those of a token that the server gave. */
    async makeRow() {
      const { server, web } = world
      const given = tokenOf(await askFor(server, web, { resource: audience, scope: 'reader' }))
      const id = credentialIdOf(given)
      return {
        handle: jwtProvider.plan(id),
        statement: await statementOf(given),
        end: () => revokeBy(server, { kind: 'credential', id }),
      }
    },
    async verify(account) {
      const { server, orders } = world
      const token = tokenIn(account)
      const asked = await introspect(server, orders, token)
      return {
        offline: await accepts(token, audience),
        published: {
          introspection: asked['active'] === true,
          'status list': await statusOf(server, token).then(
            (status) => status === 0,
            // A changed token names no list that there is.
            () => false,
          ),
        },
      }
    },
    change: changeToken,
    verifyElsewhere: (account) => accepts(tokenIn(account), 'https://elsewhere.example'),
  })

  async function statementOf(given: string): Promise<TokenStatement> {
    const claims = decodeJwt<{ client_id: string; status: { status_list: { idx: number; uri: string } } }>(given)
    const keyId = String(decodeProtectedHeader(given).kid)
    return {
      issuer: String(claims.iss),
      subject: String(claims.sub),
      clientId: claims.client_id,
      issuedAt: new Date(),
      boundTo: 'none',
      status: claims.status.status_list,
      keyId,
      algorithm,
      sign: (data) =>
        inTenant(defaultTenantId, async (tx) => (await world.server.keys.signerOf(tx, keyId)).signLater(data)),
    }
  }

  test.for(cases.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run()).resolves.toBeUndefined()
  })

  test('control: a token that the server gave is judged in the same way', async () => {
    const { server, web } = world
    const given = tokenOf(await askFor(server, web, { resource: audience, scope: 'reader' }))
    expect(await accepts(given, audience)).toBe(true)
    await revokeBy(server, { kind: 'credential', id: credentialIdOf(given) })
    expect(await statusOf(server, given)).toBe(1)
  })
})

function tokenIn({ fields }: IssuedAccount): string {
  const { token } = fields
  if (!(token instanceof Secret)) throw new Error('a token is a secret')
  return token.reveal()
}
