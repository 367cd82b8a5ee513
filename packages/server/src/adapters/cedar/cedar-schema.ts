/**
 * The published Cedar schema (`policies/mayfly.cedarschema`), made from the vocabulary, so that the two cannot differ.
 *
 * Named things stand in policies by their name (`Role::"orders-db/readonly"`), which never changes and is never used
 * again; people, tasks, credentials and policy versions by their id.
 */
import {
  actionNames,
  type ActionName,
  actions,
  bindings,
  environments,
  identityKinds,
  strengths,
  trustProviderKinds,
} from '@mayfly/domain'

const entities = `// The outermost wall.
entity Tenant;

// The team that answers for identities and resources.
entity Owner;

// A signed-in human. In the owners for which they are primary or deputy.
entity Person in [Owner] {
  // Any of: administrator, operator, approver, auditor.
  roles: Set<String>,
};

// A machine identity, by name. Its attributes are its tags.
entity Identity in [Owner] {
  // ${identityKinds.join(', ')}
  kind: String,
  // ${environments.join(', ')}
  environment: String,
  owner: Owner,
} tags String;

// A system that credentials open, by name. Its attributes are its tags.
entity Resource in [Owner] {
  environment: String,
  // What its credentials reach: data, admin, deploy.
  reach: String,
  // public, internal, confidential, restricted
  data_class: String,
  // internal, partner, internet
  exposure: String,
  provider: String,
  // What its credentials can be bound to, beside possession: key, address, none.
  bindings: Set<String>,
  owner: Owner,
} tags String;

// A permission on a resource, by \`resource/role\`. It has what its resource has.
entity Role in [Resource, Owner] {
  environment: String,
  reach: String,
  data_class: String,
  exposure: String,
  provider: String,
  // What its credentials can be bound to, beside possession: key, address, none.
  bindings: Set<String>,
  owner: Owner,
} tags String;

entity Task in [Identity, Owner] {
  // declared, running_instance
  kind: String,
  environment: String,
  identity: Identity,
  owner: Owner,
  declared_by_person?: Person,
  declared_by_identity?: Identity,
};

entity Credential in [Identity, Role, Resource, Owner] {
  environment: String,
  identity: Identity,
  owner: Owner,
};

// What a proof said, as tags: the claims that its trust provider lets policies see.
entity Proof tags String;

entity TrustProvider;
entity PolicyVersion;
`

const types = `// How the principal proved what it is.
type Attestation = {
  age_seconds: Long,
  // Weakest first: ${strengths.map((strength, rank) => `${strength} (${rank})`).join(', ')}
  strength: String,
  strength_rank: Long,
  trust_provider: TrustProvider,
  // ${trustProviderKinds.join(', ')}
  kind: String,
  // What the access token is bound to: key (DPoP), certificate (mutual TLS), none.
  bound_to: String,
  // How old the keys and lists are now that the proof was judged with; 0 where they were asked for at that moment.
  trust_age_seconds: Long,
  proof: Proof,
};

// Whom the principal acts for: one of the two, and how that one proved what it is.
type Delegation = {
  identity?: Identity,
  person?: Person,
  attestation: Attestation,
};

// A task that is to be declared.
type DeclaredTask = {
  identity: Identity,
  kind: String,
  // From now to its deadline.
  seconds: Long,
  // True where the identity that declares it will also do it.
  declared_by_self: Bool,
};

// The task within which a credential is asked for.
type RunningTask = {
  id: Task,
  kind: String,
  seconds_left: Long,
  declared_by_self: Bool,
  declared_by_person?: Person,
  declared_by_identity?: Identity,
};
`

/** What every question knows. */
const commonContext = [
  'now: datetime',
  'attestation: Attestation',
  'source_address?: ipaddr',
  '// 0 to 100; no detector feeds it yet.\n    risk: Long',
  '// Parties that it went through besides the principal; 0 where it acts for itself.\n    chain_length: Long',
] as const

const binding = `// What the credential would be bound to: ${bindings.join(', ')}.\n    binding: String`

const moreContext: Partial<Record<ActionName, readonly string[]>> = {
  'task.declare': ['task: DeclaredTask'],
  'token.exchange': ['on_behalf_of: Delegation', 'role: Role'],
  'credential.issue': [
    'task?: RunningTask',
    'ttl_seconds?: Long',
    binding,
    'delivery: String',
    'on_behalf_of?: Delegation',
  ],
  'credential.renew': ['task?: RunningTask', 'ttl_seconds?: Long', binding, 'delivery: String'],
}

export function cedarSchema(): string {
  return [
    '// What policies can speak of. Made from the vocabulary: do not edit.',
    `// Duties of a permit, as annotations: @max_ttl_seconds("900"), @require_task, @require_approval,`,
    `// @require_binding("${bindings.join('" | "')}"), @until_task_deadline("3600"), @until("2027-03-31"). Beside them only @id, @description, @advice.`,
    '',
    entities,
    types,
    ...actionNames.map(actionDeclaration),
  ].join('\n')
}

function actionDeclaration(name: ActionName): string {
  const { summary, principals, resources } = actions[name]
  const context = [...commonContext, ...(moreContext[name] ?? [])]
  return `// May ${summary}.
action "${name}" appliesTo {
  principal: [${principals.join(', ')}],
  resource: [${resources.join(', ')}],
  context: {
    ${context.join(',\n    ')},
  },
};
`
}
