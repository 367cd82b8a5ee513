/** An API server over HTTPS that answers TokenReview as Kubernetes does: with pods that live and die. */
import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeCertificate } from '../provider-postgres/make-certificate.ts'
import { type IssuerKey, makeIssuerKey, signJwt } from './test-issuer.ts'

export interface ClusterPod {
  readonly namespace: string
  readonly serviceAccount: string
  readonly name: string
  readonly uid: string
}

export interface TestClusterApi extends AsyncDisposable {
  readonly url: string
  readonly issuer: string
  readonly caPem: string
  readonly key: IssuerKey
  /** What may ask for reviews. */
  readonly reviewerToken: string
  readonly reviews: () => number
  /** `Authorization` headers that were seen. */
  readonly bearers: string[]
  readonly pods: Map<string, ClusterPod>
  /** How it behaves; default `well`. */
  mood: 'well' | 'silent' | 'broken' | 'redirect' | 'without_audiences' | 'another_user' | 'huge' | 'duplicates'
  start(pod?: Partial<ClusterPod>): ClusterPod
  /** A token that the kubelet projects into the pod. */
  token(pod: ClusterPod, claims?: Record<string, unknown>, options?: { key?: IssuerKey }): string
}

export async function startClusterApi(options: { now: () => Date; audience?: string }): Promise<TestClusterApi> {
  const certificate = makeCertificate('127.0.0.1')
  const bearers: string[] = []
  let reviews = 0
  const silent = new Set<() => void>()

  const server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      bearers.push(request.headers.authorization ?? '')
      const send = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      }
      if (api.mood === 'silent') return void silent.add(() => response.destroy())
      if (api.mood === 'broken') return send(500, { kind: 'Status', status: 'Failure' })
      if (api.mood === 'redirect') return void response.writeHead(307, { location: `${api.url}/elsewhere` }).end()
      if (api.mood === 'huge') return send(201, `{"kind":"TokenReview","padding":"${'x'.repeat(200_000)}"}`)
      if (request.method !== 'POST' || request.url !== '/apis/authentication.k8s.io/v1/tokenreviews')
        return send(404, {})
      const allowed = [`Bearer ${api.reviewerToken}`]
      const asked = JSON.parse(text) as {
        apiVersion: string
        kind: string
        spec: { token: string; audiences?: string[] }
      }
      const status = review(asked.spec.token, asked.spec.audiences ?? [])
      if (
        !allowed.includes(request.headers.authorization ?? '') &&
        request.headers.authorization !== `Bearer ${asked.spec.token}`
      )
        return send(401, { kind: 'Status', status: 'Failure', reason: 'Unauthorized' })
      reviews += 1
      const answer = { apiVersion: asked.apiVersion, kind: asked.kind, metadata: {}, spec: asked.spec, status }
      if (api.mood === 'duplicates')
        return send(201, `{"kind":"TokenReview","status":{"authenticated":false,"authenticated":true}}`)
      send(201, answer)
    })
  })

  function review(token: string, audiences: readonly string[]): object {
    const claims = verified(token)
    const denied = (error: string) => ({ authenticated: false, user: {}, error })
    if (claims === undefined) return denied('[invalid bearer token, square/go-jose: error in cryptographic primitive]')
    const pod = api.pods.get(String(claims['pod']))
    if (pod === undefined) return denied('[invalid bearer token, service account token has been invalidated]')
    const fitting = audiences.filter((audience) => claims['aud'] === audience)
    if (fitting.length === 0) return denied('[invalid bearer token, token audiences invalid]')
    const username = `system:serviceaccount:${pod.namespace}:${api.mood === 'another_user' ? 'admin' : pod.serviceAccount}`
    return {
      authenticated: true,
      user: {
        username,
        uid: createHash('sha256').update(username).digest('hex').slice(0, 32),
        groups: ['system:serviceaccounts', `system:serviceaccounts:${pod.namespace}`, 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/credential-id': [`JTI=${String(claims['jti'])}`],
          'authentication.kubernetes.io/pod-name': [pod.name],
          'authentication.kubernetes.io/pod-uid': [pod.uid],
          'authentication.kubernetes.io/node-name': ['worker-1'],
        },
      },
      ...(api.mood === 'without_audiences' ? {} : { audiences: fitting }),
    }
  }

  /** The signature and the end, as the API server checks them. */
  function verified(token: string): Record<string, unknown> | undefined {
    const [header = '', payload = '', signature = ''] = token.split('.')
    const key = createPublicKey({ key: api.key.publicJwk, format: 'jwk' })
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string }
    if (alg !== api.key.alg || kid !== api.key.kid) return undefined
    const signed = Buffer.from(`${header}.${payload}`)
    if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    if (Number(claims['exp']) * 1000 <= options.now().getTime()) return undefined
    return { ...claims, pod: (claims['kubernetes.io'] as { pod?: { uid?: string } } | undefined)?.pod?.uid }
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const api: TestClusterApi = {
    url,
    issuer: 'https://kubernetes.example.com',
    caPem: certificate.caPem,
    key: makeIssuerKey('cluster', 'RS256'),
    reviewerToken: `reviewer-${randomUUID()}`,
    reviews: () => reviews,
    bearers,
    pods: new Map(),
    mood: 'well',
    start(given = {}) {
      const pod = {
        namespace: 'shop',
        serviceAccount: 'report',
        name: `report-${randomUUID().slice(0, 8)}`,
        uid: randomUUID(),
        ...given,
      }
      api.pods.set(pod.uid, pod)
      return pod
    },
    token(pod, claims = {}, { key = api.key } = {}) {
      const iat = Math.floor(options.now().getTime() / 1000)
      const all = {
        iss: api.issuer,
        sub: `system:serviceaccount:${pod.namespace}:${pod.serviceAccount}`,
        aud: options.audience ?? 'mayfly',
        iat,
        nbf: iat,
        exp: iat + 3600,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace: pod.namespace,
          serviceaccount: { name: pod.serviceAccount, uid: 'sa-uid' },
          pod: { name: pod.name, uid: pod.uid },
        },
        ...claims,
      }
      return signJwt({ alg: key.alg, kid: key.kid }, all, key.privateKey)
    },
    async [Symbol.asyncDispose]() {
      for (const drop of silent) drop()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return api
}
