/** Asks an API server whose token it is (TokenReview, authentication.k8s.io/v1). */
import { type JsonObject, MayflyError } from '@mayfly/domain'
import type { Secret } from '@mayfly/provider-kit'
import { guardedFetch } from '@mayfly/provider-kit'
import { parseStrictObject } from '../strict-json.ts'
import { type ClusterReviewer, type Rejection, rejected } from '../trust-provider.ts'
import type { KubernetesSettings } from './kubernetes-trust-provider.ts'

export interface Reviewed {
  /** `system:serviceaccount:NAMESPACE:NAME`. */
  readonly username: string
  readonly uid: string | undefined
  readonly pod: string | undefined
  readonly podUid: string | undefined
  readonly node: string | undefined
  readonly nodeUid: string | undefined
}

const timeoutMs = 5_000
const maxSizeBytes = 65_536
const maxTextLength = 500

/** @throws MayflyError `trust_bundle_unavailable`: the API server does not answer, or not as one */
export async function reviewToken(
  settings: KubernetesSettings,
  reviewer: ClusterReviewer | undefined,
  token: Secret,
): Promise<Reviewed | Rejection> {
  const { bearer, ca } = await credentialOf(settings, reviewer, token)
  const request: JsonObject = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: token.reveal(), audiences: [...settings.audiences] },
  }
  let text: string
  try {
    const answer = await guardedFetch(
      `${settings.api_server.replace(/\/$/, '')}/apis/authentication.k8s.io/v1/tokenreviews`,
      {
        signal: AbortSignal.timeout(timeoutMs),
        maxSizeBytes,
        ca,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer.reveal()}` },
        body: JSON.stringify(request),
        accepts: (status) => status === 200 || status === 201,
      },
    )
    text = answer.text
  } catch (cause) {
    throw unavailable(settings, cause instanceof Error ? cause.message : 'no answer', cause)
  }
  return readReview(settings, text)
}

/**
 * Who asks. This server's own token goes to the one API server that its configuration names, whatever a trust provider
 * says: whoever may write trust providers must not be able to have it sent to themselves.
 */
async function credentialOf(
  settings: KubernetesSettings,
  reviewer: ClusterReviewer | undefined,
  token: Secret,
): Promise<{ bearer: Secret; ca: string | undefined }> {
  if (settings.reviewer === 'self') return { bearer: token, ca: settings.ca_pem }
  if (reviewer === undefined) {
    throw unavailable(settings, 'reviewer `server` needs MAYFLY_KUBERNETES_API_URL and MAYFLY_KUBERNETES_TOKEN_FILE')
  }
  if (new URL(settings.api_server).origin !== new URL(reviewer.apiUrl).origin) {
    throw unavailable(
      settings,
      'its `api_server` is another than MAYFLY_KUBERNETES_API_URL, so our token is not sent there',
    )
  }
  try {
    const { token: bearer, caPem } = await reviewer.read()
    // Never the authority of the row: whoever writes that could stand in between.
    return { bearer, ca: caPem }
  } catch (cause) {
    throw unavailable(settings, 'the files of MAYFLY_KUBERNETES_* cannot be read', cause)
  }
}

function readReview(settings: KubernetesSettings, text: string): Reviewed | Rejection {
  const review = parseStrictObject(text, 32)
  const status = objectOf(review?.['status'])
  if (review?.['kind'] !== 'TokenReview' || status === undefined) {
    throw unavailable(settings, 'the answer is no TokenReview')
  }
  if (status['authenticated'] !== true) {
    // What the cluster says of it (`pod not found`, `token expired`) is for its operators.
    return rejected(
      'signature_invalid',
      'the cluster does not authenticate the token',
      'its pod may be gone, or the token expired; project a new one',
    )
  }
  const audiences = status['audiences']
  // An API server that does not know audiences answers without: then the token was checked for the API server's own.
  if (!Array.isArray(audiences) || !audiences.some((one) => settings.audiences.includes(one as string))) {
    return rejected('audience_wrong', 'the cluster does not confirm the audience of the token')
  }
  const user = objectOf(status['user'])
  const username = textOf(user?.['username'])
  if (username === undefined || !username.startsWith('system:serviceaccount:') || username.split(':').length !== 4) {
    return rejected('claim_wrong', 'the token is no service account token')
  }
  const extra = objectOf(user?.['extra']) ?? {}
  const first = (name: string) => {
    const values = extra[`authentication.kubernetes.io/${name}`]
    return Array.isArray(values) && values.length === 1 ? textOf(values[0]) : undefined
  }
  return {
    username,
    uid: textOf(user?.['uid']),
    pod: first('pod-name'),
    podUid: first('pod-uid'),
    node: first('node-name'),
    nodeUid: first('node-uid'),
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength ? value : undefined
}

function unavailable(settings: KubernetesSettings, why: string, cause?: unknown): MayflyError {
  return new MayflyError('trust_bundle_unavailable', {
    log: `API server ${new URL(settings.api_server).host}: ${why}`,
    hint: 'try again; if it stays so, check that the server can reach the API server and may create TokenReviews',
    ...(cause === undefined ? {} : { cause }),
  })
}
