/** Every kind of trust provider. A new one is a folder and a line here. */
import type { TrustProviderKind } from '@mayfly/domain'
import { boundKeyTrustProvider } from './bound-key/bound-key-trust-provider.ts'
import { hostAgentTrustProvider } from './host-agent/host-agent-trust-provider.ts'
import { joinTokenTrustProvider } from './join-token/join-token-trust-provider.ts'
import { kubernetesTrustProvider } from './kubernetes/kubernetes-trust-provider.ts'
import { oidcTrustProvider } from './oidc/oidc-trust-provider.ts'
import { spiffeTrustProvider } from './spiffe/spiffe-trust-provider.ts'
import { signInTrustProvider } from './sign-in/sign-in-trust-provider.ts'
import type { TrustProvider } from './trust-provider.ts'
import { x509TrustProvider } from './x509/x509-trust-provider.ts'

export const trustProviders = {
  oidc: oidcTrustProvider,
  kubernetes: kubernetesTrustProvider,
  spiffe: spiffeTrustProvider,
  x509: x509TrustProvider,
  bound_key: boundKeyTrustProvider,
  host_agent: hostAgentTrustProvider,
  sign_in: signInTrustProvider,
  join_token: joinTokenTrustProvider,
} as const satisfies Record<TrustProviderKind, unknown>

export type AnyTrustProvider = (typeof trustProviders)[TrustProviderKind]

/** The plug-in of a kind, with its settings' type hidden: they are parsed by its own schema before they are used. */
export function trustProviderOf(kind: TrustProviderKind): TrustProvider<unknown> {
  return trustProviders[kind]
}
