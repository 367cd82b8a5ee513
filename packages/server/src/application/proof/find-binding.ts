/**
 * Whose proof is it? The trust provider judges the proof, then a binding must fit it exactly.
 */
import { defaultTenantId, MayflyError } from '@mayfly/domain'
import { trustProviderOf } from '../../adapters/trust-providers/trust-providers.ts'
import { boundKeyTrustProvider } from '../../adapters/trust-providers/bound-key/bound-key-trust-provider.ts'
import { claimsHold } from '../../adapters/trust-providers/exact-claims.ts'
import {
  type ProofExpectations,
  type ProofVerdict,
  type ReadProof,
  type Rejection,
  rejected,
} from '../../adapters/trust-providers/trust-provider.ts'
import type { CandidateBinding, CandidateTrustProvider, ProofCandidates } from '../../store/proof-rows.ts'
import type { OwnSvid } from '../../store/shown-svid-rows.ts'
import type { FoundBinding, PresentedProof } from './accept-proof.ts'
import type { ProofDeps } from './proof-deps.ts'
import { restOnSvid } from './rest-on-svid.ts'

export async function findBinding(
  deps: ProofDeps,
  proof: PresentedProof,
  read: ReadProof,
  candidates: ProofCandidates,
): Promise<FoundBinding | Rejection> {
  return proof.form === 'client_assertion' && read.form === 'jwt'
    ? findForClient(deps, proof, read, candidates.bindings)
    : findForPlatform(deps, proof, read, candidates)
}

/** Several trust providers may believe a certificate; the first that does counts, where one of its bindings fits. */
async function findForPlatform(
  deps: ProofDeps,
  proof: PresentedProof,
  read: ReadProof,
  candidates: ProofCandidates,
): Promise<FoundBinding | Rejection> {
  let refusal: Rejection | undefined
  for (const trustProvider of candidates.trustProviders) {
    const bindings = candidates.bindings.filter(
      (binding) => binding.trustProvider.trustProviderId === trustProvider.trustProviderId,
    )
    const found = await judge(deps, proof, read, { ...candidates, bindings }, trustProvider)
    if (found.outcome === 'found') return found
    // That a proof is believed and nobody's says more than that another trust provider does not believe it.
    if (refusal === undefined || found.reason === 'binding_missing' || found.reason === 'binding_ambiguous')
      refusal = found
  }
  return (
    refusal ??
    (read.form === 'jwt'
      ? rejected('issuer_unknown', '`iss` is not a known issuer', 'register it as a trust provider first')
      : rejected('issuer_unknown', 'no trust provider believes this proof', 'register a trust provider for it first'))
  )
}

async function judge(
  deps: ProofDeps,
  proof: PresentedProof,
  read: ReadProof,
  { bindings, svid }: ProofCandidates,
  trustProvider: CandidateTrustProvider,
): Promise<FoundBinding | Rejection> {
  if (!trustProviderOf(trustProvider.kind).forms.includes(read.form)) {
    return rejected('form_not_allowed', `a proof of kind \`${trustProvider.kind}\` does not come as a ${read.form}`)
  }
  const expected = await expectations(deps, proof, [], svid)
  const judged = await deps.trustProviders.open(proof.tenantId, trustProvider).verify(read, expected)
  const verdict = judged.outcome === 'rejected' || svid === undefined ? judged : restOnSvid(judged, svid)
  if (verdict.outcome === 'rejected') return verdict
  const fitting = bindings.filter(
    (binding) => verdict.subjects.includes(binding.subject) && claimsHold(binding.claims, verdict.claims),
  )
  // A client may also call itself by what its proof says, as one with an SVID does.
  const meant = fitting.filter(
    (binding) =>
      proof.clientId === undefined || binding.subject === proof.clientId || isClient(binding, proof.clientId),
  )
  const [binding, another] = meant
  if (binding === undefined) {
    return rejected(
      'binding_missing',
      `no binding fits the subject \`${verdict.subjects.join('`, `')}\` and the claims of the proof`,
      'bind this subject to an identity, or check the claims that the binding asks for',
    )
  }
  if (another !== undefined) {
    return rejected('binding_ambiguous', 'several bindings fit the proof', 'name the identity with `client_id`')
  }
  return { outcome: 'found', verdict, binding, ...(svid === undefined ? {} : { svid }) }
}

async function findForClient(
  deps: ProofDeps,
  proof: PresentedProof,
  read: Extract<ReadProof, { form: 'jwt' }>,
  bindings: readonly CandidateBinding[],
): Promise<FoundBinding | Rejection> {
  if (proof.clientId !== undefined && proof.clientId !== read.jwt.claims['sub']) {
    return rejected('client_mismatch', '`client_id` is another than the `sub` of the client assertion')
  }
  let refusal: Rejection | undefined
  for (const sameProvider of Map.groupBy(bindings, (binding) => binding.trustProvider.trustProviderId).values()) {
    const [first] = sameProvider
    if (first === undefined) continue
    const keys = sameProvider.map((binding) =>
      deps.publicKeys.get(`${proof.tenantId}/${binding.bindingId}/${binding.version}`, binding.publicJwk),
    )
    const verdict = await deps.trustProviders
      .open(proof.tenantId, first.trustProvider)
      .verify(read, await expectations(deps, proof, keys))
    if (verdict.outcome === 'accepted') {
      const binding = sameProvider.find(({ subject }) => verdict.subjects.includes(subject))
      if (binding === undefined) throw new MayflyError('internal', { log: 'a bound key without its binding verified' })
      return { outcome: 'found', verdict, binding }
    }
    refusal = verdict
  }
  // An unknown client hears what a known one with a wrong key hears.
  return refusal ?? refuseUnknownClient(await unknownClient.verify(read, await expectations(deps, proof, [])))
}

const unknownClient = boundKeyTrustProvider.open(boundKeyTrustProvider.settings.parse({}), {
  clock: { now: () => new Date() },
  tenantId: defaultTenantId,
  clusterReviewer: undefined,
  bundles: undefined,
  offlineMaterial: async () => undefined,
})

function refuseUnknownClient(verdict: ProofVerdict): Rejection {
  if (verdict.outcome === 'rejected') return verdict
  throw new MayflyError('internal', { log: 'a proof verified without a key' })
}

async function expectations(
  deps: ProofDeps,
  proof: PresentedProof,
  boundKeys: ProofExpectations['boundKeys'],
  svid?: OwnSvid,
): Promise<ProofExpectations> {
  const issuer = await deps.tenants.findIssuer(proof.tenantId)
  if (issuer === undefined) throw new MayflyError('resource_not_found')
  return {
    now: deps.clock.now(),
    ownAudiences: [issuer, `${issuer}/oauth/token`],
    boundKeys,
    isOwnLiveSvid: svid?.stands === true,
  }
}

function isClient({ party }: CandidateBinding, clientId: string | undefined): boolean {
  return party.kind === 'identity'
    ? party.identityId === clientId || party.name === clientId
    : party.personId === clientId
}
