/** What both sides are asked: callers' tokens exchanged by services for a third audience, under ten policies. */
export const callers = 100
export const services = 100
export const audience = 'https://stock.bench.example'

export const serviceOf = (service: number): string => `repo:acme/service-${service}:ref:refs/heads/main`
export const callerOf = (caller: number): string => `repo:acme/caller-${caller}:ref:refs/heads/main`

/** Four permit; six forbid what never holds here. */
export const policyText = [
  '@id("the-proven-get-tokens")\npermit (principal, action == Action::"token.issue", resource is TrustProvider);',
  '@id("all-hold")\npermit (principal is Identity, action == Action::"credential.issue", resource is Role);',
  '@id("services-act")\npermit (principal is Identity, action == Action::"token.exchange", resource is Identity)\nwhen { principal.owner == resource.owner };',
  '@id("services-introspect")\npermit (principal is Identity, action == Action::"token.introspect", resource);',
  ...[0, 1, 2, 3, 4, 5].map(
    (number) =>
      `@id("not-from-${number}")\nforbid (principal is Identity, action in [Action::"credential.issue", Action::"token.exchange"], resource)\nwhen { principal.kind == "device" && context.attestation.strength_rank < ${number} };`,
  ),
  // Whoever may change policies again, without which no version is activated.
  '@id("administrators-administrate")\npermit (principal is Person, action == Action::"policy.activate", resource);',
].join('\n\n')
