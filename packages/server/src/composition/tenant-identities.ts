/**
 * The certificates of the listener that serves bundles by `https_spiffe`: for each tenant but the default one an X509-SVID
 * of its own trust domain, at its name before the listener's host. By that profile an endpoint shows exactly the ID that was
 * configured (SPIFFE Federation section 5.2.2), and whoever believes one tenant's bundle need not believe another's.
 *
 * Made when first asked for, renewed as the server's own is. Tenants are those that there are at the start, as for their keys.
 */
import { createSecureContext, type SecureContext } from 'node:tls'
import { defaultTenantId, type TenantId } from '@mayfly/domain'
import type { SvidDeps } from '../application/spiffe/spiffe-deps.ts'
import { hostChannel } from '../store/host-event-rows.ts'
import { listTenants } from '../store/tenant-rows.ts'
import { tlsSettings } from '../surfaces/http/tls-settings.ts'
import { makeSvidIdentity, type ServerCertificate, type ServerIdentity } from './server-identity.ts'

export interface TenantIdentities {
  /** Whom a client means who names us so; the default tenant for every name that is no other's. */
  tenantIdOf(serverName: string | undefined): TenantId
  /** For `SNICallback`: without a context for the default tenant, whose certificate is the listener's own. */
  secureContextOf(serverName: string): Promise<SecureContext | undefined>
  reload(): Promise<void>
  close(): Promise<void>
}

/** @param host that other trust domains know the listener by; undefined: only the default tenant is served */
export async function openTenantIdentities(
  deps: SvidDeps,
  host: string | undefined,
  names: { readonly crl: boolean },
): Promise<TenantIdentities> {
  const tenants = host === undefined ? [] : await deps.database.outsideTenants(listTenants)
  const idOf = new Map(
    tenants
      .filter((tenant) => tenant.tenant_id !== defaultTenantId)
      .map((tenant) => [`${tenant.name}.${host}`, tenant.tenant_id]),
  )
  const opened = new Map<string, Promise<ServerIdentity>>()
  const contexts = new WeakMap<ServerCertificate, SecureContext>()

  function open(name: string, tenantId: TenantId): Promise<ServerIdentity> {
    const known = opened.get(name)
    if (known !== undefined) return known
    const opening = makeSvidIdentity(deps, tenantId, { dns: [name], ip: [], crl: names.crl })
    opened.set(name, opening)
    // The next handshake tries again.
    opening.catch(() => opened.delete(name))
    return opening
  }

  async function reloadOf(isMeant: (tenantId: TenantId | undefined) => boolean): Promise<void> {
    for (const [name, opening] of opened) {
      if (isMeant(idOf.get(name))) await (await opening.catch(() => undefined))?.reload()
    }
  }

  // A compromised authority is told of at once. An empty notice says that some may have been missed.
  const listening =
    idOf.size === 0
      ? undefined
      : await deps.database.listen(
          hostChannel,
          (notice) => void reloadOf((tenantId) => notice === '' || notice.startsWith(`${tenantId}:`)),
        )
  return {
    tenantIdOf: (serverName) => idOf.get(serverName ?? '') ?? defaultTenantId,
    async secureContextOf(serverName) {
      const name = serverName.toLowerCase()
      const tenantId = idOf.get(name)
      if (tenantId === undefined) return undefined
      const certificate = (await open(name, tenantId)).current()
      const context =
        contexts.get(certificate) ??
        createSecureContext({ ...tlsSettings, cert: certificate.cert, key: certificate.key.reveal() })
      contexts.set(certificate, context)
      return context
    },
    reload: () => reloadOf(() => true),
    async close() {
      await listening?.close()
      for (const opening of opened.values()) await (await opening.catch(() => undefined))?.close()
    },
  }
}
