/** Google: ID tokens of service accounts, from the metadata server or the IAM credentials API. */
import { type Preset, refusePatterns, tooWide } from './preset.ts'

export const google: Preset = {
  name: 'google',
  title: 'service accounts of Google Cloud',
  issuer: 'https://accounts.google.com',
  algorithms: ['RS256'],
  maxAgeSeconds: 3600,
  instanceClaims: [],
  policyClaims: [
    'email',
    'email_verified',
    'azp',
    'hd',
    '/google/compute_engine/project_id',
    '/google/compute_engine/zone',
    '/google/compute_engine/instance_id',
    '/google/compute_engine/instance_name',
  ],
  judgeBinding(binding) {
    refusePatterns(binding)
    const { subject, claims } = binding
    if (!/^\d{10,30}$/.test(subject)) {
      throw tooWide(
        '/subject',
        `\`${subject}\` is no unique id: an address can be given to another account later`,
        "use the service account's numeric unique id (`gcloud iam service-accounts describe … --format 'value(uniqueId)'`)",
      )
    }
    if (claims['email'] !== undefined && claims['email_verified'] !== true) {
      throw tooWide(
        '/claims/email',
        'an address that is not verified is whatever its holder wrote',
        'add `"email_verified": true` to `claims`, or leave `email` out: `subject` pins the account',
      )
    }
  },
}
