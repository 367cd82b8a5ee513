/**
 * What can be asked of Mayfly: each action that a policy judges, who may ask it, and of what.
 *
 * The Cedar schema is made from this table, so an action that is not in here can be neither asked nor permitted.
 */
export const principalTypes = ['Person', 'Identity'] as const
export type PrincipalType = (typeof principalTypes)[number]

export const resourceTypes = [
  'Tenant',
  'Owner',
  'Identity',
  'Resource',
  'Role',
  'Task',
  'Credential',
  'TrustProvider',
  'PolicyVersion',
  'Person',
] as const
export type ResourceType = (typeof resourceTypes)[number]

export interface ActionKind {
  /** One line for people: completes "may …". */
  readonly summary: string
  readonly principals: readonly PrincipalType[]
  readonly resources: readonly ResourceType[]
}

const anyone = principalTypes
const registered = ['Tenant', 'Owner', 'Identity', 'Resource', 'Role', 'TrustProvider'] as const

export const actions = {
  'token.issue': {
    summary: 'get an access token for an accepted proof',
    principals: anyone,
    resources: ['TrustProvider'],
  },
  'token.introspect': {
    summary: 'ask whether a token is live',
    principals: anyone,
    resources: ['Tenant', 'Resource'],
  },
  'token.exchange': {
    summary: 'act on behalf of another, a person where the resource is the tenant',
    principals: ['Identity'],
    resources: ['Tenant', 'Identity'],
  },

  'task.declare': { summary: 'declare a task on a role', principals: anyone, resources: ['Role'] },
  'task.read': { summary: 'read a task', principals: anyone, resources: ['Tenant', 'Identity', 'Task'] },
  'task.end': { summary: 'complete or fail a task', principals: anyone, resources: ['Task'] },

  'credential.issue': { summary: 'be issued a credential for a role', principals: ['Identity'], resources: ['Role'] },
  'credential.renew': { summary: 'renew a credential of a role', principals: ['Identity'], resources: ['Role'] },
  'credential.read': {
    summary: 'see that a credential exists, never its secret',
    principals: anyone,
    resources: ['Tenant', 'Identity', 'Credential'],
  },

  'revocation.request': {
    summary: 'end credentials',
    principals: anyone,
    resources: ['Tenant', 'Owner', 'Identity', 'Resource', 'Role', 'Task', 'Credential', 'TrustProvider', 'Person'],
  },
  'revocation.read': {
    summary: 'follow a revocation or preview one',
    principals: anyone,
    resources: ['Tenant', 'Owner', 'Identity', 'Resource', 'Role', 'Task', 'Credential', 'TrustProvider', 'Person'],
  },

  'svid.issue': {
    summary: 'be issued an SVID that says who it is',
    principals: ['Identity'],
    resources: ['Identity'],
  },
  'svid.read': {
    summary: 'see which SVIDs there are',
    principals: anyone,
    resources: ['Tenant', 'Identity'],
  },
  'bundle.read': { summary: 'read the trust bundles', principals: anyone, resources: ['Tenant'] },
  'federation.read': { summary: 'read which trust domains are believed', principals: anyone, resources: ['Tenant'] },
  'federation.write': {
    summary: 'say which other trust domains are believed',
    principals: anyone,
    resources: ['Tenant'],
  },

  'registry.read': { summary: 'read the registry', principals: anyone, resources: registered },
  'registry.apply': { summary: 'plan and apply a manifest', principals: anyone, resources: ['Tenant'] },
  'person.write': { summary: 'register and change people', principals: anyone, resources: ['Tenant'] },
  'owner.write': { summary: 'register and change owners', principals: anyone, resources: ['Tenant', 'Owner'] },
  'identity.write': {
    summary: 'register, change, suspend and retire identities',
    principals: anyone,
    resources: ['Tenant', 'Owner', 'Identity'],
  },
  'resource.write': {
    summary: 'register, change and retire resources',
    principals: anyone,
    resources: ['Tenant', 'Owner', 'Resource'],
  },
  'resource.check': { summary: 'check a resource at its target', principals: anyone, resources: ['Resource'] },
  'role.write': {
    summary: 'register, change and retire roles',
    principals: anyone,
    resources: ['Tenant', 'Resource', 'Role'],
  },
  'trust_provider.write': {
    summary: 'say which proofs are believed',
    principals: anyone,
    resources: ['Tenant', 'TrustProvider'],
  },
  'binding.write': {
    summary: 'say whose proof it is: as powerful as becoming that identity',
    principals: anyone,
    resources: ['Tenant', 'Identity', 'TrustProvider'],
  },
  'host.attest': {
    summary: 'vouch for processes of a host, as its host agent',
    principals: ['Identity'],
    resources: ['Tenant'],
  },
  'session.read': { summary: 'read who has signed in', principals: ['Person'], resources: ['Tenant', 'Person'] },
  'attestation.read': { summary: 'read accepted proofs', principals: anyone, resources: ['Tenant', 'Identity'] },

  'bundle.export': {
    summary: 'take along what other sites need to check proofs without a network',
    principals: anyone,
    resources: ['Tenant'],
  },
  'bundle.import': {
    summary: 'bring the offline bundle of a registered site',
    principals: anyone,
    resources: ['Tenant'],
  },
  'offline_site.write': {
    summary: 'say which site is believed without a network, and by which keys',
    principals: anyone,
    resources: ['Tenant'],
  },

  'policy.read': { summary: 'read policies', principals: anyone, resources: ['Tenant', 'PolicyVersion'] },
  'policy.write': { summary: 'draft and preview policies', principals: anyone, resources: ['Tenant', 'PolicyVersion'] },
  'policy.activate': {
    summary: 'put a policy version into force',
    principals: anyone,
    resources: ['Tenant', 'PolicyVersion'],
  },
  'decision.read': {
    summary: 'read why something was decided',
    principals: anyone,
    resources: ['Tenant', 'Identity'],
  },
  'audit.read': {
    summary: 'read the audit log and trace',
    principals: anyone,
    resources: ['Tenant', 'Identity', 'Task', 'Credential'],
  },

  'key.read': { summary: 'read which keys there are', principals: anyone, resources: ['Tenant'] },
  'key.rotate': { summary: 'rotate keys', principals: anyone, resources: ['Tenant'] },
  'finding.read': { summary: 'read findings', principals: anyone, resources: ['Tenant'] },
  'finding.write': { summary: 'close findings', principals: anyone, resources: ['Tenant'] },
} as const satisfies Record<string, ActionKind>

export type ActionName = keyof typeof actions

export const actionNames = Object.keys(actions) as readonly ActionName[]

export function isActionName(text: string): text is ActionName {
  return Object.hasOwn(actions, text)
}
