/**
 * The registry's nouns as data: which options a command takes and which member of the API each becomes.
 *
 * A new field of the API is one line here.
 */
import {
  dataClasses,
  deliveries,
  environments,
  exposures,
  identityKinds,
  identityStates,
  ownerStates,
  personRoles,
  personStates,
  reaches,
  strengths,
  trustProviderKinds,
} from '@mayfly/domain'

export interface Field {
  /** As commander reads it: `--owner <ref>`. */
  readonly flags: string
  readonly member: string
  readonly help: string
  /**
   * How the text becomes a value; default `text`. `pairs`: `NAME=VALUE`, several times; `text_pairs`: the same, always
   * texts; `choices`: `NAME=a,b` as `{ one_of: [a, b] }`; `list`: several times; `span`: `15m` as seconds; `moment`: a
   * time or a span from now; `secret`: where to read it; `public_key`: a file; `new_key`: a file to make.
   */
  readonly as?:
    | 'text'
    | 'whole'
    | 'flag'
    | 'yes_or_no'
    | 'pairs'
    | 'text_pairs'
    | 'choices'
    | 'list'
    | 'span'
    | 'moment'
    | 'secret'
    | 'public_key'
    | 'new_key'
  readonly choices?: readonly string[]
  /** Where it can be given; default in both. */
  readonly only?: 'add' | 'update'
  /** `add` needs it. */
  readonly required?: true
}

export interface Noun {
  readonly name: string
  readonly title: string
  readonly path: string
  /** What `add` takes as its argument, and the member that it becomes; absent: none. */
  readonly naming?: { readonly argument: string; readonly member: string }
  /** What `show` and the rest take. */
  readonly ref: { readonly argument: string; readonly parameter: 'ref' | 'id'; readonly help: string }
  readonly fields: readonly Field[]
  readonly filters: readonly Field[]
  readonly columns: readonly string[]
  /** Verbs that only move the state, with what they do. */
  readonly moves: Readonly<Record<string, string>>
  readonly examples: Readonly<Partial<Record<'add' | 'list' | 'update', readonly string[]>>>
}

const byName = { argument: '<name>', member: 'name' }
const ref = { argument: '<ref>', parameter: 'ref', help: 'id or name' } as const
const active = ['active', 'retired']
const attribute: Field = {
  flags: '--attribute <name=value>',
  member: 'attributes',
  help: 'what policies may ask about beside',
  as: 'pairs',
}
const environment = {
  flags: '--environment <environment>',
  member: 'environment',
  help: 'where it belongs',
  choices: environments,
} as const
const owner = { flags: '--owner <ref>', member: 'owner', help: 'the team that answers for it' } as const
const setting: Field = {
  flags: '--setting <name=value>',
  member: 'settings',
  help: 'in the fields of its kind, e.g. `port=5432` or `tls.mode=verify_full`; given whole',
  as: 'pairs',
}
const byState = (states: readonly string[]): Field => ({
  flags: '--state <state>',
  member: 'state',
  help: 'only those',
  choices: states,
})

export const nouns: readonly Noun[] = [
  {
    name: 'person',
    title: 'people: humans who sign in',
    path: '/v1/people',
    naming: { argument: '<email>', member: 'email' },
    ref: { ...ref, help: 'id or email' },
    fields: [
      { flags: '--name <name>', member: 'name', help: 'how they are called', required: true },
      {
        flags: '--role <role>',
        member: 'roles',
        help: 'what they may be asked to do; several times',
        as: 'list',
        choices: personRoles,
      },
      { flags: '--email <email>', member: 'email', help: 'the new address', only: 'update' },
      {
        flags: '--state <state>',
        member: 'state',
        help: '`left`: what hangs on them ends',
        only: 'update',
        choices: personStates,
      },
    ],
    filters: [byState(personStates)],
    columns: ['person_id', 'name', 'email', 'roles', 'state'],
    moves: {},
    examples: {
      add: ["mayfly person add grace@example.com --name 'Grace Hopper' --role operator"],
      update: ['mayfly person update grace@example.com --state left'],
    },
  },
  {
    name: 'owner',
    title: 'owners: the teams that answer for identities and resources',
    path: '/v1/owners',
    naming: byName,
    ref,
    fields: [
      { flags: '--contact <contact>', member: 'contact', help: 'where the team can be reached', required: true },
      { flags: '--primary <person>', member: 'primary', help: 'id or email of who answers first', required: true },
      { flags: '--deputy <person>', member: 'deputy', help: 'id or email of who answers next' },
    ],
    filters: [byState(ownerStates)],
    columns: ['owner_id', 'name', 'contact', 'state'],
    moves: {},
    examples: {
      add: ["mayfly owner add payments --contact '#payments' --primary ada@example.com --deputy grace@example.com"],
    },
  },
  {
    name: 'identity',
    title: 'identities: machines, each with owner, purpose, environment and end',
    path: '/v1/identities',
    naming: byName,
    ref,
    fields: [
      {
        flags: '--kind <kind>',
        member: 'kind',
        help: 'what it is',
        choices: identityKinds,
        only: 'add',
        required: true,
      },
      { ...owner, required: true },
      { flags: '--purpose <purpose>', member: 'purpose', help: 'what it does and for whom', required: true },
      { ...environment, only: 'add', required: true },
      {
        flags: '--expires <moment>',
        member: 'expires_at',
        help: 'its end: `90d` from now, or a date',
        as: 'moment',
        required: true,
      },
      attribute,
    ],
    filters: [
      owner,
      environment,
      { flags: '--kind <kind>', member: 'kind', help: 'only those', choices: identityKinds },
      byState(identityStates),
    ],
    columns: ['identity_id', 'name', 'kind', 'owner', 'environment', 'expires_at', 'state'],
    moves: {
      suspend: 'it can do nothing, and what it holds ends at once',
      resume: 'a suspended identity can act again; what it held does not come back',
      retire: 'for good; what it holds ends at once',
    },
    examples: {
      add: [
        "mayfly identity add orders-api --kind service --owner payments --environment production --expires 90d \\\n      --purpose 'serves orders to the web shop'",
      ],
      list: ['mayfly identity list --owner payments --environment production'],
    },
  },
  {
    name: 'resource',
    title: 'resources: the systems that credentials open',
    path: '/v1/resources',
    naming: { argument: '<name|kind>', member: 'name' },
    ref,
    fields: [
      {
        flags: '--provider <kind>',
        member: 'provider',
        help: 'the kind of system, e.g. `postgres`',
        only: 'add',
        required: true,
      },
      { ...environment, only: 'add', required: true },
      {
        flags: '--reach <reach>',
        member: 'reach',
        help: 'what its credentials can do to it',
        choices: reaches,
        required: true,
      },
      {
        flags: '--data-class <class>',
        member: 'data_class',
        help: 'what it holds',
        choices: dataClasses,
        required: true,
      },
      {
        flags: '--exposure <exposure>',
        member: 'exposure',
        help: 'who can reach it',
        choices: exposures,
        required: true,
      },
      {
        flags: '--delivery <delivery>',
        member: 'delivery',
        help: 'how credentials reach their user',
        choices: deliveries,
      },
      { ...owner, required: true },
      setting,
      {
        flags: '--secret <name=source>',
        member: 'secret',
        help: "Mayfly's own login there: `username=mayfly`, `password=env:NAME`, `password=file:PATH`, `password=stdin`",
        as: 'secret',
      },
      attribute,
      {
        flags: '--adopt-login <yes|no>',
        member: 'adopt_login',
        help: '`no`: Mayfly never changes the password of its own login there; default `yes`, after the first check',
        as: 'yes_or_no',
      },
      {
        flags: '--same-target',
        member: 'same_target',
        help: 'states that the new address leads to the same system',
        as: 'flag',
        only: 'update',
      },
    ],
    filters: [
      owner,
      environment,
      { flags: '--provider <kind>', member: 'provider', help: 'only those' },
      byState(active),
    ],
    columns: ['resource_id', 'name', 'provider', 'environment', 'reach', 'owner', 'checked_at', 'state'],
    moves: { retire: 'take it out of use; everything on it ends at once' },
    examples: {
      add: [
        'mayfly resource add postgres',
        'mayfly resource add orders-db --provider postgres --environment production --owner payments \\\n      --reach data --data-class confidential --exposure internal \\\n      --setting host=db.example.com --setting database=orders \\\n      --secret username=mayfly --secret password=env:ORDERS_DB_PASSWORD',
      ],
    },
  },
  {
    name: 'role',
    title: 'roles: named, closed permissions on a resource',
    path: '/v1/roles',
    naming: { argument: '<resource/role>', member: 'name' },
    ref: { ...ref, argument: '<role>', help: 'id, or `resource/role`' },
    fields: [
      {
        flags: '--permission <name=value>',
        member: 'permission',
        help: 'in the words of the provider, e.g. `member_of=[readers]`',
        as: 'pairs',
      },
      {
        flags: '--parameter <name=a,b>',
        member: 'parameters',
        help: 'what the holder may choose, from a list',
        as: 'choices',
      },
      { flags: '--max-ttl <span>', member: 'max_ttl_seconds', help: 'its credentials live no longer', as: 'span' },
      {
        flags: '--max-live <count>',
        member: 'max_live_per_identity',
        help: 'live credentials of one identity at most',
        as: 'whole',
      },
    ],
    filters: [{ flags: '--resource <ref>', member: 'resource', help: 'only those' }, byState(active)],
    columns: ['role_id', 'full_name', 'permission', 'max_ttl_seconds', 'state'],
    moves: { retire: 'take it out of use; its credentials end at once' },
    examples: { add: ["mayfly role add orders-db/readonly --permission 'member_of=[orders_readonly]' --max-ttl 15m"] },
  },
  {
    name: 'trust-provider',
    title: 'trust providers: rules for believing a proof',
    path: '/v1/trust-providers',
    naming: byName,
    ref,
    fields: [
      {
        flags: '--kind <kind>',
        member: 'kind',
        help: 'what proofs it believes',
        choices: trustProviderKinds,
        only: 'add',
        required: true,
      },
      setting,
      { flags: '--strength <strength>', member: 'strength', help: 'how much its proofs are worth', choices: strengths },
      { flags: '--fresh-for <span>', member: 'fresh_for_seconds', help: 'how long a proof counts', as: 'span' },
    ],
    filters: [
      { flags: '--kind <kind>', member: 'kind', help: 'only those', choices: trustProviderKinds },
      byState(active),
    ],
    columns: ['trust_provider_id', 'name', 'kind', 'issuer', 'strength', 'fresh_for_seconds', 'state'],
    moves: { retire: 'believe none of its proofs any more; what they gave ends at once' },
    examples: {
      add: [
        'mayfly trust-provider add keys --kind bound_key --fresh-for 1h',
        'mayfly trust-provider add github --kind oidc --fresh-for 1h \\\n      --setting issuer=https://token.actions.githubusercontent.com \\\n      --setting "audiences=[https://mayfly.example.com]"',
      ],
    },
  },
  {
    name: 'offline-site',
    title: 'offline sites: sites that are believed without a network, by the bundles that they sign',
    path: '/v1/offline-sites',
    naming: byName,
    ref,
    fields: [
      {
        flags: '--origin <url>',
        member: 'origin',
        help: 'the issuer URL of the other site, exactly',
        only: 'add',
        required: true,
      },
      {
        flags: '--key <key>',
        member: 'keys',
        help: 'a key that signs its bundles, as `mayfly bundle key` prints it there; several times',
        as: 'list',
      },
      { flags: '--max-age <span>', member: 'max_age_seconds', help: 'how old its bundles may be', as: 'span' },
    ],
    filters: [byState(active)],
    columns: ['offline_site_id', 'name', 'origin', 'max_age_seconds', 'made_at', 'imported_at', 'state'],
    moves: { retire: 'believe nothing of it any more; what was proven with its bundles ends' },
    examples: {
      add: ['mayfly offline-site add depot --origin https://mayfly.depot.example --key "$KEY" --max-age 7d'],
    },
  },
  {
    name: 'binding',
    title: 'bindings: whose proof it is',
    path: '/v1/bindings',
    ref: { argument: '<id>', parameter: 'id', help: 'id' },
    fields: [
      {
        flags: '--trust-provider <ref>',
        member: 'trust_provider',
        help: 'which rule believes the proof',
        only: 'add',
        required: true,
      },
      { flags: '--identity <ref>', member: 'identity', help: 'the identity that it is', only: 'add' },
      { flags: '--person <ref>', member: 'person', help: 'the person that it is', only: 'add' },
      { flags: '--subject <subject>', member: 'subject', help: 'what the proof says of itself, exactly' },
      {
        flags: '--claim <name=value>',
        member: 'claims',
        help: 'a further claim that must be exactly so',
        as: 'text_pairs',
      },
      { flags: '--public-key <file>', member: 'public_jwk', help: 'the public key, JWK or PEM', as: 'public_key' },
      {
        flags: '--new-key <file>',
        member: 'public_jwk',
        help: 'make a key pair; the private key goes to this file',
        as: 'new_key',
        only: 'add',
      },
    ],
    filters: [
      { flags: '--trust-provider <ref>', member: 'trust_provider', help: 'only those' },
      { flags: '--identity <ref>', member: 'identity', help: 'only those' },
      { flags: '--person <ref>', member: 'person', help: 'only those' },
      byState(active),
    ],
    columns: ['binding_id', 'trust_provider', 'identity', 'subject', 'claims', 'state'],
    moves: { retire: 'take it out of use; what its proofs gave ends' },
    examples: {
      add: [
        'mayfly binding add --trust-provider keys --identity orders-api --new-key orders-api.jwk',
        'mayfly binding add --trust-provider github --identity deploy --subject repo:acme/shop:ref:refs/heads/main',
      ],
    },
  },
]
