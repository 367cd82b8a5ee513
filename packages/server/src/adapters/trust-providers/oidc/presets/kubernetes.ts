/** Service accounts of Kubernetes by their signature alone. Kind `kubernetes` asks the cluster itself, and sees a pod die. */
import { type Preset, refusePatterns, tooWide } from './preset.ts'

/** `system:serviceaccount:NAMESPACE:NAME`, both as DNS labels or names. */
export const serviceAccountSubject =
  /^system:serviceaccount:([a-z0-9]([-a-z0-9]*[a-z0-9])?):([a-z0-9]([-.a-z0-9]*[a-z0-9])?)$/

export const kubernetesPreset: Preset = {
  name: 'kubernetes',
  title: 'service accounts of Kubernetes',
  audienceFault: (audience) =>
    /^https:\/\/kubernetes\.default(\.svc(\.cluster\.local)?)?\/?$/.test(audience)
      ? 'is the audience of the API server itself: whoever is shown such a token can use it there; project one with an audience for Mayfly'
      : undefined,
  algorithms: ['RS256', 'ES256', 'ES384'],
  maxAgeSeconds: 3600,
  instanceClaims: ['/kubernetes.io/pod/uid'],
  policyClaims: [
    '/kubernetes.io/namespace',
    '/kubernetes.io/serviceaccount/name',
    '/kubernetes.io/serviceaccount/uid',
    '/kubernetes.io/pod/name',
    '/kubernetes.io/pod/uid',
    '/kubernetes.io/node/name',
    '/kubernetes.io/node/uid',
  ],
  judgeBinding(binding) {
    refusePatterns(binding)
    requireServiceAccount(binding.subject)
  },
}

export function requireServiceAccount(subject: string): void {
  const [, namespace, , name] = serviceAccountSubject.exec(subject) ?? []
  if (namespace === undefined) {
    throw tooWide(
      '/subject',
      `\`${subject}\` is no service account`,
      'write `system:serviceaccount:NAMESPACE:NAME`, one binding for each',
    )
  }
  if (name === 'default') {
    throw tooWide(
      '/subject',
      'the service account `default` is every pod of the namespace that names none',
      'give the workload a service account of its own',
    )
  }
}
