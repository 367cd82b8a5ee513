import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeBinding, retireBinding } from '../../../packages/server/src/application/registry/change-binding.ts'
import {
  changeTrustProvider,
  retireTrustProvider,
} from '../../../packages/server/src/application/registry/change-trust-provider.ts'
import { registerBinding } from '../../../packages/server/src/application/registry/register-binding.ts'
import { registerTrustProvider } from '../../../packages/server/src/application/registry/register-trust-provider.ts'
import { createRegistryFixture, refusalOf, type RegistryFixture } from './registry-fixture.ts'

let registry: RegistryFixture

const builds = { issuer: 'https://builds.example', audiences: ['mayfly'] }

beforeAll(async () => {
  registry = await createRegistryFixture()
  await registry.makeCompany()
  for (const name of ['one', 'two', 'three']) await registry.makeIdentityNamed(name)
  await registry.change((by) => registerTrustProvider(by, { name: 'builds', kind: 'oidc', settings: builds }))
  await registry.change((by) => registerTrustProvider(by, { name: 'keys', kind: 'bound_key', settings: {} }))
})
afterAll(() => registry.close())

const bind = (input: Parameters<typeof registerBinding>[1]) => registry.change((by) => registerBinding(by, input))
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

describe('bindings', () => {
  test('one proof is one holder’s: an overlap is refused, a claim that tells apart is taken', async () => {
    const subject = 'repo:acme/orders'
    await bind({ trustProvider: 'builds', identity: 'one', subject, claims: { environment: 'staging' } })
    const same = { trustProvider: 'builds', identity: 'two', subject }
    const overlapping = bind({ ...same, claims: { branch: 'main' } })
    expect(await refusalOf(overlapping)).toMatchObject({ code: 'name_taken', pointers: ['/subject'] })
    expect(await refusalOf(bind(same))).toMatchObject({ code: 'name_taken' })
    await bind({ ...same, claims: { environment: 'production' } })
    await bind({
      trustProvider: 'builds',
      identity: 'one',
      subject,
      claims: { branch: 'main', environment: 'staging' },
    })
  })

  test.each([
    ['a wildcard', { subject: 'repo:acme/*' }, '/subject'],
    ['a blank subject', { subject: ' ' }, '/subject'],
    ['a wildcard in a claim', { subject: 'a', claims: { ref: 'refs/heads/*' } }, '/claims/ref'],
    ['a claim that is compared anyway', { subject: 'a', claims: { aud: 'mayfly' } }, '/claims/aud'],
    ['two holders', { subject: 'a', person: 'ada@example.com' }, '/identity'],
    ['an unknown identity', { subject: 'a', identity: 'nobody' }, '/identity'],
  ])('%s is refused', async (_what, input, pointer) => {
    const refusal = await refusalOf(bind({ trustProvider: 'builds', identity: 'three', ...input }))
    expect(refusal).toMatchObject({ code: 'request_invalid', pointers: [pointer] })
  })

  test('a key is bound by its thumbprint; a private one is refused, and the refusal does not repeat it', async () => {
    const { publicKey, privateKey } = newKey()
    const jwk = privateKey.export({ format: 'jwk' })
    const refusal = await refusalOf(bind({ trustProvider: 'keys', identity: 'three', publicJwk: jwk }))
    expect(refusal).toMatchObject({ code: 'request_invalid', pointers: ['/public_jwk'] })
    expect(refusal.detail).toMatch(/private/)
    expect(refusal.detail).not.toContain(jwk.d)
    const { row } = await bind({
      trustProvider: 'keys',
      identity: 'three',
      publicJwk: publicKey.export({ format: 'jwk' }),
    })
    expect(row.subject).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const entry = (await registry.entries()).at(-1)
    expect(entry).toMatchObject({ action: 'binding.registered', body: { fields: { subject: { to: row.subject } } } })
  })

  test('changed or retired: what was accepted under the old rule no longer counts', async () => {
    const { row } = await bind({ trustProvider: 'builds', identity: 'three', subject: 'repo:acme/changing' })
    const accepted = async () => {
      const [proof] = await registry.bySuperuser<{ attestation_id: string }>(
        `insert into attestation (tenant_id, attestation_id, identity_id, trust_provider_id, binding_id, claims, strength,
                                  accepted_at, fresh_until, token_expires_at, decision_id)
         select tenant_id, gen_random_uuid(), identity_id, trust_provider_id, binding_id, '{}', 'platform',
                $2, $2::timestamptz + interval '1 hour', $2::timestamptz + interval '5 minutes', gen_random_uuid()
         from binding where binding_id = $1 returning attestation_id`,
        [row.binding_id, registry.clock.now()],
      )
      return proof?.attestation_id
    }
    const stateOf = async (id: string | undefined) =>
      (
        await registry.bySuperuser<{ state: string }>('select state from attestation where attestation_id = $1', [id])
      )[0]?.state
    const first = await accepted()
    await registry.change((by) => changeBinding(by, row.binding_id, { claims: {} }))
    expect(await stateOf(first), 'control: nothing was changed').toBe('fresh')
    await registry.change((by) => changeBinding(by, row.binding_id, { claims: { branch: 'main' } }))
    expect(await stateOf(first)).toBe('revoked')
    const second = await accepted()
    await registry.change((by) => retireBinding(by, row.binding_id, {}))
    expect(await stateOf(second)).toBe('revoked')
    const after = registry.change((by) => changeBinding(by, row.binding_id, { claims: {} }))
    expect(await refusalOf(after)).toMatchObject({ code: 'state_not_allowed' })
  })
})

describe('trust providers', () => {
  test('one issuer, one trust provider', async () => {
    const again = registry.change((by) => registerTrustProvider(by, { name: 'again', kind: 'oidc', settings: builds }))
    expect(await refusalOf(again)).toMatchObject({ code: 'name_taken', pointers: ['/settings/issuer'] })
  })

  test('settings are closed, and no setting makes a token worth more than its kind', async () => {
    const refusal = await refusalOf(
      registry.change((by) =>
        registerTrustProvider(by, {
          name: 'wrong',
          kind: 'oidc',
          settings: { issuer: 'http://far.example', audience: 'x', audiences: [] },
          strength: 'hardware',
          freshForSeconds: 0,
        }),
      ),
    )
    expect(refusal.pointers.toSorted()).toEqual([
      '/fresh_for_seconds',
      '/settings/audience',
      '/settings/audiences',
      '/settings/issuer',
      '/strength',
    ])
  })

  test('with other settings, and retired, its proofs no longer count; with another freshness they do', async () => {
    const identityId = await registry.makeIdentityNamed('prover')
    const attestationId = await registry.attest({ identityId })
    const [found] = await registry.bySuperuser<{ trust_provider_id: string; state: string }>(
      'select trust_provider_id, state from attestation where attestation_id = $1',
      [attestationId],
    )
    const id = found?.trust_provider_id ?? ''
    const state = async () =>
      (
        await registry.bySuperuser<{ state: string }>('select state from attestation where attestation_id = $1', [
          attestationId,
        ])
      )[0]?.state
    await registry.change((by) => changeTrustProvider(by, id, { freshForSeconds: 60 }))
    expect(await state(), 'control').toBe('fresh')
    await registry.change((by) =>
      changeTrustProvider(by, id, { settings: { issuer: 'https://other.example', audiences: ['mayfly'] } }),
    )
    expect(await state()).toBe('revoked')
    await registry.change((by) => retireTrustProvider(by, id, {}))
    const after = registry.change((by) => changeTrustProvider(by, id, { freshForSeconds: 61 }))
    expect(await refusalOf(after)).toMatchObject({ code: 'state_not_allowed' })
  })
})
