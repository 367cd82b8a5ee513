/** Which stream an entry belongs to: several views of one log, so that an auditor of issuance reads only issuance. */
export const auditStreams = [
  'registry',
  'proof',
  'policy',
  'decision',
  'task',
  'issuance',
  'use',
  'revocation',
  'key',
  'audit',
] as const
export type AuditStream = (typeof auditStreams)[number]

const streamOfNoun = {
  tenant: 'registry',
  person: 'registry',
  owner: 'registry',
  identity: 'registry',
  resource: 'registry',
  role: 'registry',
  finding: 'registry',
  manifest: 'registry',
  trust_provider: 'proof',
  binding: 'proof',
  attestation: 'proof',
  proof: 'proof',
  access_token: 'proof',
  bootstrap: 'proof',
  key_login: 'proof',
  join_token: 'proof',
  host: 'use',
  offline_site: 'proof',
  offline_bundle: 'proof',
  secret_version: 'issuance',
  policy_version: 'policy',
  decision: 'decision',
  task: 'task',
  credential: 'issuance',
  svid: 'issuance',
  revocation: 'revocation',
  data_key: 'key',
  signing_key: 'key',
  svid_authority: 'key',
  trust_bundle: 'key',
  federation: 'proof',
  installation: 'key',
  log: 'audit',
} as const satisfies Record<string, AuditStream>

/** What a credential's entry says after its issue belongs to other streams than the issue. */
const streamOfAction: Readonly<Record<string, AuditStream>> = {
  'credential.used': 'use',
  'resource.strays_seen': 'use',
  'resource.swept': 'revocation',
  'secret_version.read': 'use',
  'secret_version.noticed': 'revocation',
  'secret_version.ended': 'revocation',
  'credential.revoking': 'revocation',
  'credential.cut': 'revocation',
  'credential.removed': 'revocation',
  'credential.revoked': 'revocation',
  'credential.pending': 'revocation',
  'credential.abandoned': 'revocation',
}

export type AuditNoun = keyof typeof streamOfNoun

/** `noun.past_participle`, e.g. `credential.issued`. The nouns are a closed list: a misspelt one does not compile. */
export type AuditAction = `${AuditNoun}.${string}`

export function streamOf(action: AuditAction): AuditStream {
  return streamOfAction[action] ?? streamOfNoun[action.slice(0, action.indexOf('.')) as AuditNoun]
}
