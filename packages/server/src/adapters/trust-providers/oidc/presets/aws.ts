/** AWS: tokens of `sts:GetWebIdentityToken` (outbound identity federation) for an IAM principal. */
import { type Preset, refusePatterns, requireOneOf, tooWide } from './preset.ts'

const account = '/https:~1~1sts.amazonaws.com~1/aws_account'

export const aws: Preset = {
  name: 'aws',
  title: 'IAM roles of AWS (web identity)',
  issuerFault: (issuer) =>
    issuer.startsWith('http://') || /^https:\/\/[0-9a-z-]+\.tokens\.sts\.global\.api\.aws(\.cn)?$/.test(issuer)
      ? undefined
      : 'must be the token issuer of the account: `https://ID.tokens.sts.global.api.aws` (`aws iam get-outbound-web-identity-federation-info`)',
  algorithms: ['ES384', 'RS256'],
  maxAgeSeconds: 900,
  instanceClaims: [],
  policyClaims: [
    account,
    '/https:~1~1sts.amazonaws.com~1/source_region',
    '/https:~1~1sts.amazonaws.com~1/principal_id',
    '/https:~1~1sts.amazonaws.com~1/org_id',
    '/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn',
    '/https:~1~1sts.amazonaws.com~1/lambda_source_function_arn',
  ],
  judgeBinding(binding) {
    refusePatterns(binding)
    const [, ofSubject] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/[\w+=,.@/-]+$/.exec(binding.subject) ?? []
    if (ofSubject === undefined) {
      throw tooWide(
        '/subject',
        `\`${binding.subject}\` is no IAM role`,
        'write `arn:aws:iam::ACCOUNT:role/NAME`; a user or the root of an account is not one workload',
      )
    }
    requireOneOf(
      binding,
      [account],
      'the account is pinned by the subject only',
      `add \`"${account}": "${ofSubject}"\` to \`claims\``,
    )
    if (binding.claims[account] !== ofSubject) {
      throw tooWide(`/claims/${account}`, 'is another account than that of the subject', `write \`${ofSubject}\``)
    }
  },
}
