/**
 * What is published of the trust domain: its bundle (SPIFFE Federation section 5, profile `https_web`) and the CRLs of its
 * authorities, for anyone; and all bundles together, for host agents.
 */
import { defaultTenantId, MayflyError, type TenantId } from '@mayfly/domain'
import { z } from 'zod'
import { currentCrl } from '../../application/spiffe/sign-crl.ts'
import type { SvidDeps } from '../../application/spiffe/spiffe-deps.ts'
import { type BundleDocument, getBundleDocument, refreshHintSeconds } from '../../application/spiffe/trust-bundle.ts'
import { tenantInPath } from './tenant-in-path.ts'
import { listFederations } from '../../store/federation-rows.ts'
import { definePublicRoute, defineRoute, type PublicContext, type RawAnswer, type Route } from './define-route.ts'

const bundle = z
  .object({
    keys: z.array(z.record(z.string(), z.unknown())).meta({ description: 'JWKs; none: everything is revoked' }),
    spiffe_sequence: z.int().optional(),
    spiffe_refresh_hint: z.int().optional(),
  })
  .meta({ id: 'TrustBundle', description: 'SPIFFE Trust Domain and Bundle, section 4' })

const tenantName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/)
const crlName = z.string().regex(/^[0-9a-f]{40}\.crl$/, { error: 'not `<key id>.crl`' })

/** Shorter than the refresh hint: a key that is not to be believed any more must not live on in a proxy. */
const bundleMaxAgeSeconds = 30

export const trustBundleRoutes: readonly Route<SvidDeps>[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/trust-bundles',
    name: 'listTrustBundles',
    summary: 'read the bundles of the trust domain and of those that it federates with',
    action: 'bundle.read',
    resource: () => ({ type: 'Tenant' }),
    response: z.object({
      trust_domain: z.string(),
      items: z
        .array(z.object({ trust_domain: z.string(), bundle }))
        .meta({ description: 'Its own first. Never merged: each is good for its own trust domain alone' }),
    }),
    handle: async (_deps: SvidDeps, _ctx, _input, tx) => {
      const { trustDomain, document } = await getBundleDocument(tx)
      const federated = (await listFederations(tx)).flatMap(
        ({ trust_domain, keys, bundle_sequence: sequence, ...row }) =>
          keys === null
            ? []
            : [
                {
                  trust_domain,
                  bundle: {
                    keys: keys as Record<string, unknown>[],
                    ...(sequence === null ? {} : { spiffe_sequence: sequence }),
                    spiffe_refresh_hint: row.refresh_hint_seconds ?? refreshHintSeconds,
                  },
                },
              ],
      )
      const own = { ...document, keys: document.keys.map((key) => ({ ...key })) }
      return { trust_domain: trustDomain, items: [{ trust_domain: trustDomain, bundle: own }, ...federated] }
    },
  }),
  bundleRoute('/spiffe/bundle', 'getTrustBundle', z.strictObject({}), async () => defaultTenantId),
  bundleRoute('/t/{tenant}/spiffe/bundle', 'getTenantTrustBundle', z.strictObject({ tenant: tenantName }), tenantOf),
  crlRoute('/spiffe/crl/{name}', 'getCrl', z.strictObject({ name: crlName }), async () => defaultTenantId),
  crlRoute(
    '/t/{tenant}/spiffe/crl/{name}',
    'getTenantCrl',
    z.strictObject({ tenant: tenantName, name: crlName }),
    tenantOf,
  ),
]

function bundleRoute<P extends z.ZodType>(
  path: `/${string}`,
  name: string,
  params: P,
  tenantIdOf: (deps: SvidDeps, params: z.output<P>, ctx: PublicContext) => Promise<TenantId>,
): Route<SvidDeps> {
  return definePublicRoute({
    method: 'GET',
    path,
    name,
    summary: 'read the bundle of the trust domain (SPIFFE Federation, profile https_web)',
    why: 'public keys, which whoever verifies must have before it can know anyone here',
    params,
    response: bundle,
    produces: 'application/json',
    problems: ['route_unknown'],
    handle: async (deps: SvidDeps, ctx, input): Promise<RawAnswer> => {
      const tenantId = await tenantIdOf(deps, input.params, ctx)
      const { document } = await deps.database.transaction(tenantId, getBundleDocument)
      return bundleAnswer(document)
    },
  })
}

/**
 * The same on the listener of the profile `https_spiffe`, at one path for all: whose bundle it is says the name that the
 * client asked for in the handshake, as it says whose certificate was shown. What the request says of its host does not count.
 */
export function endpointBundleRoute(tenantIdOf: (serverName: string | undefined) => TenantId): Route<SvidDeps> {
  return bundleRoute('/spiffe/bundle', 'getTrustBundle', z.strictObject({}), async (_deps, _params, { serverName }) =>
    tenantIdOf(serverName),
  )
}

function bundleAnswer(document: BundleDocument): RawAnswer {
  return { body: JSON.stringify(document), headers: { 'cache-control': `public, max-age=${bundleMaxAgeSeconds}` } }
}

function crlRoute<P extends z.ZodType<{ readonly name: string }>>(
  path: `/${string}`,
  name: string,
  params: P,
  tenantIdOf: (deps: SvidDeps, params: z.output<P>) => Promise<TenantId>,
): Route<SvidDeps> {
  return definePublicRoute({
    method: 'GET',
    path,
    name,
    summary: 'read the CRL of an X.509 authority (RFC 5280), DER',
    why: 'serial numbers of what was revoked, which whoever verifies must know; nothing of whom they were',
    params,
    response: z.string(),
    produces: 'application/pkix-crl',
    problems: ['route_unknown', 'resource_not_found'],
    handle: async (deps: SvidDeps, _ctx, input): Promise<RawAnswer> => {
      const keyId = input.params.name.slice(0, -'.crl'.length)
      const crl = await currentCrl(deps, await tenantIdOf(deps, input.params), keyId)
      if (crl === undefined) {
        throw new MayflyError('resource_not_found', {
          publicDetail: 'no authority with this key id signs, or is believed any more',
        })
      }
      // Asked for anew each time: a list that a proxy kept would not know of the latest revocation.
      return { body: crl.der, headers: { 'cache-control': 'no-cache', etag: `"${crl.number}"` } }
    },
  })
}

function tenantOf(deps: SvidDeps, { tenant }: { readonly tenant: string }): Promise<TenantId> {
  return tenantInPath(deps.tenants, tenant)
}
