/**
 * One row for each operation of the API: how to ask it so that it succeeds. A new route without a row fails the suite.
 *
 * The rest of a walk follows from the route itself: nobody's token is refused, a stranger finds nothing, an unknown
 * member is named, and a success leaves exactly one entry where it changes something.
 */
import { makeAuthority, signAuthorityRequest } from '../spiffe/make-authority.ts'
import { makeOfflineSite } from '../offline/make-offline-site.ts'
import type { Ask } from './caller.ts'
import { makeKey, type World } from './world.ts'

export interface Walk {
  /** Who is permitted; default the administrator. */
  readonly by?: 'worker'
  /** Prepares what it needs and says what to ask. Called anew for each way of walking. */
  ask(world: World): Promise<Ask>
  /** Entries that a success leaves; default one for a route that changes something, else none. */
  readonly entries?: number
  /**
   * What the administrator of another tenant gets who asks the very same: default 404 where the path names something,
   * else whatever it is must hold nothing of ours. `own`: the path names nothing of a tenant.
   */
  readonly stranger?: 'own'
  /** Where nobody's answer is another than 403: what it is, and why. */
  readonly denied?: { readonly status: number; readonly why: string }
}

const nothing = { ask: async () => ({}) }

async function ref(name: string | Promise<string>): Promise<Ask> {
  return { params: { ref: await name } }
}

async function id(value: string | Promise<string>): Promise<Ask> {
  return { params: { id: await value } }
}

/** Of authorities one waits at a time: whatever another walk left waiting must go. */
async function clearWaitingAuthorities({ sql }: World): Promise<void> {
  await sql(`update x509_authority set state = 'retired', retired_at = now(), trusted_until = now()
             where state in ('requested', 'prepared')`)
}

async function federated({ admin, fresh }: World): Promise<Ask> {
  const domain = `${fresh('domain')}.example`
  await admin.get('POST', '/v1/federations', {
    trust_domain: domain,
    url: 'https://127.0.0.1:9/bundle',
    profile: 'https_web',
  })
  return { params: { trust_domain: domain } }
}

export const walks: Readonly<Record<string, Walk>> = {
  listKeys: nothing,
  rotateKey: { ask: async () => ({ params: { purpose: 'promise' }, body: {} }), stranger: 'own' },
  rotateDataKey: nothing,
  listAttestations: nothing,
  getAttestation: {
    ask: async ({ admin }) => {
      const { items } = await admin.get<{ items: { attestation_id: string }[] }>('GET', '/v1/attestations')
      return id(items[0]?.attestation_id ?? '')
    },
  },

  makeJoinToken: {
    ask: async ({ make }) => ({ body: { identity: (await make.identity()).name, becomes: 'keys' } }),
  },
  listJoinTokens: nothing,
  cancelJoinToken: {
    ask: async ({ make, admin }) => {
      const body = { identity: (await make.identity()).name, becomes: 'keys' }
      const made = await admin.get<{ join_token_id: string }>('POST', '/v1/join-tokens', body)
      return { ...(await id(made.join_token_id)), body: {} }
    },
  },

  vouchForProcess: { by: 'worker', ask: async ({ make }) => ({ body: await make.vouchedProcess() }) },
  reportGraceUses: {
    by: 'worker',
    ask: async ({ make, worker }) => {
      const body = await make.vouchedProcess()
      const { items } = await worker.caller.get<{ items: { attestation_id: string }[] }>(
        'POST',
        '/v1/host/attestations',
        body,
      )
      const at = new Date().toISOString()
      const use = { attestation_id: items[0]?.attestation_id, served_from: at, served_until: at, count: 1 }
      return { body: { items: [use] } }
    },
  },
  followHost: { by: 'worker', ask: async () => ({ query: { once: 'true' } }) },
  listSessions: nothing,

  registerPerson: {
    ask: async ({ fresh }) => ({
      body: { name: 'Grace', email: `${fresh('grace')}@example.org`, roles: ['operator'] },
    }),
  },
  listPeople: nothing,
  getPerson: { ask: async ({ make }) => ref((await make.person()).person_id) },
  updatePerson: {
    ask: async ({ make }) => {
      const { person_id, version } = await make.person()
      return { ...(await ref(person_id)), body: { name: 'Grace H.', version } }
    },
  },

  registerOwner: {
    ask: async ({ fresh, adminId }) => ({ body: { name: fresh('owner'), contact: '#a-channel', primary: adminId } }),
  },
  listOwners: nothing,
  getOwner: { ask: async ({ make }) => ref((await make.owner()).name) },
  updateOwner: {
    ask: async ({ make }) => {
      const { name, version } = await make.owner()
      return { ...(await ref(name)), body: { contact: '#another-channel', version } }
    },
  },

  registerIdentity: {
    ask: async ({ fresh, expiresAt }) => ({
      body: {
        name: fresh('job'),
        kind: 'job',
        owner: 'orders-team',
        purpose: 'counts the orders of the day',
        environment: 'staging',
        expires_at: expiresAt(),
      },
    }),
  },
  listIdentities: nothing,
  getIdentity: { ask: async ({ make }) => ref((await make.identity()).name) },
  getIdentityHolds: { ask: async ({ make }) => ref((await make.identity()).name) },
  updateIdentity: {
    ask: async ({ make }) => {
      const { name, version } = await make.identity()
      return { ...(await ref(name)), body: { purpose: 'reads the orders of the week', version } }
    },
  },
  suspendIdentity: { ask: async ({ make }) => ({ ...(await ref((await make.identity()).name)), body: {} }) },
  resumeIdentity: {
    ask: async ({ make, admin }) => {
      const { name } = await make.identity()
      await admin.get('POST', `/v1/identities/${name}/suspend`, {})
      return { ...(await ref(name)), body: {} }
    },
  },
  retireIdentity: { ask: async ({ make }) => ({ ...(await ref((await make.identity()).name)), body: {} }) },

  tryResource: {
    ask: async ({ place }) => ({
      body: {
        provider: 'postgres',
        owner: 'orders-team',
        settings: {
          host: place.host,
          port: place.port,
          database: place.database,
          tls: { mode: 'disabled_loopback_only' },
        },
        secret: place.login,
      },
    }),
  },
  registerResource: {
    ask: async ({ fresh, place }) => ({
      body: {
        name: fresh('db'),
        provider: 'postgres',
        environment: 'development',
        reach: 'data',
        data_class: 'internal',
        exposure: 'internal',
        owner: 'orders-team',
        settings: {
          host: place.host,
          port: place.port,
          database: place.database,
          tls: { mode: 'disabled_loopback_only' },
        },
        secret: place.login,
      },
    }),
  },
  listResources: nothing,
  getResource: { ask: async ({ make }) => ref((await make.resource()).name) },
  updateResource: {
    ask: async ({ make }) => {
      const { name, version } = await make.resource()
      return { ...(await ref(name)), body: { data_class: 'confidential', version } }
    },
  },
  checkResource: { ask: async ({ make }) => ref((await make.resource()).name) },
  rotateLogin: { ask: async ({ make }) => ref((await make.resourceWithOwnLogin()).name) },
  rotateSecret: {
    ask: async ({ make }) => ({ ...(await ref((await make.staticResource()).name)), body: {} }),
  },
  retireResource: { ask: async ({ make }) => ({ ...(await ref((await make.resource()).name)), body: {} }) },

  registerRole: {
    ask: async ({ make, fresh, place, group }) => ({
      body: {
        resource: (await make.resource()).name,
        name: fresh('role'),
        permission: { member_of: [group], database: place.database },
      },
    }),
  },
  listRoles: nothing,
  getRole: { ask: async ({ make }) => ref((await make.role()).role_id) },
  updateRole: {
    ask: async ({ make }) => {
      const { role_id, version } = await make.role()
      return { ...(await ref(role_id)), body: { max_ttl_seconds: 600, version } }
    },
  },
  retireRole: { ask: async ({ make }) => ({ ...(await ref((await make.role()).role_id)), body: {} }) },

  registerTrustProvider: {
    ask: async ({ fresh }) => ({ body: { name: fresh('keys'), kind: 'bound_key', fresh_for_seconds: 600 } }),
  },
  listTrustProviders: nothing,
  getTrustProvider: { ask: async ({ make }) => ref((await make.trustProvider()).name) },
  updateTrustProvider: {
    ask: async ({ make }) => {
      const { name, version } = await make.trustProvider()
      return { ...(await ref(name)), body: { fresh_for_seconds: 300, version } }
    },
  },
  setClientSecret: {
    ask: async ({ make }) => ({
      ...(await ref((await make.signInProvider()).name)),
      body: { client_secret: 'known-to-the-provider' },
    }),
  },
  retireTrustProvider: { ask: async ({ make }) => ({ ...(await ref((await make.trustProvider()).name)), body: {} }) },

  registerBinding: {
    ask: async ({ make }) => ({
      body: { trust_provider: 'keys', identity: (await make.identity()).name, public_jwk: makeKey().publicJwk },
    }),
  },
  listBindings: nothing,
  getBinding: { ask: async ({ make }) => id((await make.binding()).binding_id) },
  updateBinding: {
    ask: async ({ make }) => {
      const { binding_id, version } = await make.binding()
      return { ...(await id(binding_id)), body: { public_jwk: makeKey().publicJwk, version } }
    },
  },
  recoverBinding: {
    ask: async ({ make, sql }) => {
      const { binding_id } = await make.binding()
      // As if it had logged in by challenge before.
      await sql(`insert into key_login (tenant_id, binding_id) values ('00000000-0000-7000-8000-000000000001', $1)`, [
        binding_id,
      ])
      return { ...(await id(binding_id)), body: { reason: 'its count was lost with the disk' } }
    },
  },
  retireBinding: { ask: async ({ make }) => ({ ...(await id((await make.binding()).binding_id)), body: {} }) },

  exportOfflineBundle: { ...nothing, stranger: 'own' },
  getOfflineBundleKeys: { ...nothing, stranger: 'own' },
  registerOfflineSite: {
    ask: async ({ fresh }) => {
      const site = makeOfflineSite(fresh('site'))
      return { body: { name: site.name, origin: site.origin, keys: [site.vkey], max_age_seconds: 3600 } }
    },
  },
  listOfflineSites: nothing,
  getOfflineSite: { ask: async ({ make }) => ref((await make.offlineSite()).name) },
  updateOfflineSite: {
    ask: async ({ make }) => {
      const { name, version } = await make.offlineSite()
      return { ...(await ref(name)), body: { max_age_seconds: 600, version } }
    },
  },
  retireOfflineSite: { ask: async ({ make }) => ({ ...(await ref((await make.offlineSite()).name)), body: {} }) },
  importOfflineBundle: {
    ask: async ({ make }) => {
      const site = await make.offlineSite()
      return { ...(await ref(site.name)), body: { bundle: await site.bundle() } }
    },
  },

  planManifest: {
    ask: async ({ fresh, adminId }) => ({
      body: { manifest: { version: 1, owners: [{ name: fresh('owner'), contact: '#planned', primary: adminId }] } },
    }),
  },
  applyManifest: {
    ask: async ({ fresh, adminId }) => ({
      body: { manifest: { version: 1, owners: [{ name: fresh('owner'), contact: '#applied', primary: adminId }] } },
    }),
    // One for each object that it changes, and one for the whole.
    entries: 2,
  },

  declareTask: {
    ask: async ({ worker, workerRole }) => ({
      body: {
        identity: worker.identity.name,
        purpose: 'builds the report of the night',
        roles: [workerRole],
        deadline: new Date(Date.now() + 3_600_000).toISOString(),
      },
    }),
  },
  listTasks: nothing,
  getTask: { ask: async ({ make }) => id((await make.task()).task_id) },
  completeTask: { ask: async ({ make }) => ({ ...(await id((await make.task()).task_id)), body: { note: 'done' } }) },
  failTask: { ask: async ({ make }) => ({ ...(await id((await make.task()).task_id)), body: {} }) },

  issueCredential: {
    by: 'worker',
    ask: async ({ workerRole }) => ({ body: { role: workerRole, ttl_seconds: 300 } }),
    // The row before the account (law 1), and the account.
    entries: 2,
  },
  renewCredential: {
    by: 'worker',
    ask: async ({ make }) => ({
      ...(await id((await make.credential(300)).credential_id)),
      body: { ttl_seconds: 600 },
    }),
    denied: { status: 404, why: 'an identity sees its own credentials only, so others are not there' },
  },
  listCredentials: nothing,
  getCredential: { ask: async ({ make }) => id((await make.credential()).credential_id) },

  previewRevocation: {
    ask: async ({ make }) => ({
      body: { selector: { kind: 'credential', ref: (await make.credential()).credential_id } },
    }),
  },
  requestRevocation: {
    ask: async ({ make }) => ({
      body: { selector: { kind: 'credential', ref: (await make.credential()).credential_id } },
    }),
  },
  listRevocations: nothing,
  getRevocation: { ask: async ({ make }) => id(make.revocation()) },
  followRevocation: { ask: async ({ make }) => id(make.revocation()) },
  getRevocationReceipt: { ask: async ({ make }) => id(make.revocation()) },
  listFindings: nothing,

  issueX509Svid: {
    by: 'worker',
    ask: async () => ({ body: { make_key: true } }),
    denied: { status: 201, why: 'it is its own SVID: whoever has proven what it is may say so' },
  },
  issueJwtSvid: {
    by: 'worker',
    ask: async () => ({ body: { audiences: ['orders'] } }),
    denied: { status: 201, why: 'it is its own SVID: whoever has proven what it is may say so' },
  },
  listSvids: nothing,
  listTrustBundles: {
    ask: async () => ({}),
    denied: { status: 200, why: 'whose keys are believed is public: it is served without a token too' },
  },
  listX509Authorities: nothing,
  rotateX509Authority: {
    ask: async (world) => {
      await clearWaitingAuthorities(world)
      return { body: {} }
    },
  },
  requestX509Authority: {
    ask: async (world) => {
      await clearWaitingAuthorities(world)
      return {}
    },
  },
  importX509Authority: {
    ask: async (world) => {
      await clearWaitingAuthorities(world)
      const { csr } = await world.admin.get<{ csr: string }>('POST', '/v1/x509-authorities/request')
      const root = makeAuthority({ commonName: 'a root' })
      return { body: { certificates: signAuthorityRequest(csr, root) } }
    },
  },
  abandonX509AuthorityRequest: {
    ask: async (world) => {
      await clearWaitingAuthorities(world)
      await world.admin.get('POST', '/v1/x509-authorities/request')
      return {}
    },
  },
  registerFederation: {
    ask: async ({ fresh }) => ({
      body: { trust_domain: `${fresh('domain')}.example`, url: 'https://127.0.0.1:9/bundle', profile: 'https_web' },
    }),
  },
  listFederations: nothing,
  getFederation: { ask: federated },
  refreshFederation: { ask: federated },
  retireFederation: { ask: federated },

  draftPolicy: {
    ask: async ({ make, fresh }) => ({ body: { text: `${(await make.policy()).text}\n// ${fresh('draft')}\n` } }),
  },
  listPolicies: nothing,
  getPolicy: { ask: async ({ make }) => id((await make.policy()).policy_version_id) },
  previewPolicy: { ask: async ({ make }) => id((await make.policy()).policy_version_id) },
  activatePolicy: { ask: async ({ make }) => ({ ...(await id((await make.policy()).policy_version_id)), body: {} }) },
  testPolicies: {
    ask: async () => ({
      body: {
        text: '@id("all")\npermit (principal is Person, action, resource);',
        cases: [
          {
            name: 'a person reads',
            principal: { person: 'ada' },
            action: 'registry.read',
            resource: 'tenant',
            expect: { outcome: 'permit' },
          },
        ],
      },
    }),
  },
  explainDecision: {
    ask: async ({ nobody }) => {
      const denied = await nobody.ask({ method: 'GET', path: '/v1/people' })
      return id(String(denied.json['decision_id']))
    },
    denied: { status: 200, why: 'the decision is about the caller itself: who was denied may ask why' },
  },

  getTrace: {
    ask: async ({ make }) => ({ params: { kind: 'credential', id: (await make.credential()).credential_id } }),
  },
  getEntryProof: {
    ask: async ({ sql }) => {
      const [entry] = await sql<{ entry_id: string }>(
        `select e.entry_id from mayfly.entry e join mayfly.log_checkpoint c on c.tenant_id = e.tenant_id
         where e.tenant_id = '00000000-0000-7000-8000-000000000001' and e.leaf_index < c.size limit 1`,
      )
      return id(entry?.entry_id ?? '')
    },
  },
  getConsistencyProof: { ask: async () => ({ query: { from: 1, to: 2 } }) },
  verifyState: nothing,
  getCheckpoint: nothing,
  getTile: { ask: async () => ({ params: { path: '0/000.p/1' } }), stranger: 'own' },
  getLogKeys: nothing,
}
