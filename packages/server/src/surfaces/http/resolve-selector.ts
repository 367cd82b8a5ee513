/** Turns the selector of a request, by id or name, into ids, and into what the gate is asked about. */
import { type AttestationId, environments, isId, MayflyError, type SelectorKind, type SvidId } from '@mayfly/domain'
import type { ResourceRef } from '../../application/decision/decision.ts'
import { findAttestation } from '../../store/attestation-rows.ts'
import type { Tx } from '../../store/database.ts'
import { getIdentity } from '../../store/identity-rows.ts'
import { getOwner } from '../../store/owner-rows.ts'
import { getPerson } from '../../store/person-rows.ts'
import { getResource } from '../../store/resource-rows.ts'
import type { Selector } from '../../store/revocation-rows.ts'
import { getRole } from '../../store/role-rows.ts'
import { findSvid, findSvidBySerial } from '../../store/svid-rows.ts'
import { getTrustProvider } from '../../store/trust-provider-rows.ts'

export interface ResolvedSelector {
  readonly selector: Selector
  /** Judged by policy: whoever may not end this thing may not end what hangs on it. */
  readonly asked: ResourceRef
}

/** @throws MayflyError `resource_not_found`, `request_invalid` */
export async function resolveSelector(tx: Tx, kind: SelectorKind, ref: string): Promise<ResolvedSelector> {
  const of = (id: string, type: Exclude<ResourceRef['type'], 'Tenant'>): ResolvedSelector => ({
    selector: { kind, id },
    asked: { type, id },
  })
  switch (kind) {
    case 'credential':
      return of(requireId(ref), 'Credential')
    case 'task':
      return of(requireId(ref), 'Task')
    case 'identity':
      return of((await getIdentity(tx, ref)).identity_id, 'Identity')
    case 'owner':
      return of((await getOwner(tx, ref)).owner_id, 'Owner')
    case 'role':
      return of((await getRole(tx, ref)).role_id, 'Role')
    case 'resource':
      return of((await getResource(tx, ref)).resource_id, 'Resource')
    case 'trust_provider':
      return of((await getTrustProvider(tx, ref)).trust_provider_id, 'TrustProvider')
    case 'host': {
      // Whoever may end the host agent may end what it vouched for.
      const { identity_id: host } = await getIdentity(tx, ref)
      return { selector: { kind, id: host }, asked: { type: 'Identity', id: host } }
    }
    case 'attestation': {
      const attestation = await findAttestation(tx, requireId(ref) as AttestationId)
      if (attestation === undefined) {
        throw new MayflyError('resource_not_found', { publicDetail: `there is no attestation \`${ref}\`` })
      }
      const { identity_id: identityId, person_id: personId } = attestation
      const asked: ResourceRef =
        identityId === null ? { type: 'Person', id: personId ?? '' } : { type: 'Identity', id: identityId }
      return { selector: { kind, id: ref }, asked }
    }
    case 'person':
      return of((await getPerson(tx, ref.includes('@') ? ref.trim().toLowerCase() : ref)).person_id, 'Person')
    case 'environment':
      if (!(environments as readonly string[]).includes(ref)) {
        throw invalid(`must be one of ${environments.map((each) => `\`${each}\``).join(', ')}`)
      }
      return { selector: { kind, id: ref }, asked: { type: 'Tenant' } }
    case 'svid': {
      const svid = isId(ref) ? await findSvid(tx, ref as SvidId) : await findSvidBySerial(tx, ref.toLowerCase())
      if (svid === undefined) {
        throw new MayflyError('resource_not_found', { publicDetail: `there is no SVID \`${ref}\`` })
      }
      const { identity_id: identityId, svid_id: id } = svid
      // The server's own: only who governs the tenant may end it.
      const asked: ResourceRef = identityId === null ? { type: 'Tenant' } : { type: 'Identity', id: identityId }
      return { selector: { kind, id }, asked }
    }
    case 'svid_authority':
      if (!/^[A-Za-z0-9_-]{40,64}$/.test(ref)) throw invalid('not the key id of what signs SVIDs')
      return { selector: { kind, id: ref }, asked: { type: 'Tenant' } }
    case 'policy':
      return { selector: { kind, id: requireId(ref) }, asked: { type: 'Tenant' } }
  }
}

function requireId(ref: string): string {
  if (isId(ref)) return ref
  throw invalid('not an id (a lower-case UUID)')
}

function invalid(detail: string): MayflyError {
  return new MayflyError('request_invalid', { fields: [{ pointer: '/selector/ref', detail }] })
}
