import { MayflyError } from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import type { BindingInput } from '../trust-provider.ts'
import { oidcSettings } from './oidc-settings.ts'
import { oidcTrustProvider } from './oidc-trust-provider.ts'

const account = '/https:~1~1sts.amazonaws.com~1/aws_account'
const uuid = '11111111-2222-3333-4444-555555555555'

const issuers: Record<string, string> = {
  kubernetes: 'https://oidc.example.com/cluster',
  azure: `https://login.microsoftonline.com/${uuid}/v2.0`,
  aws: 'https://abc12345.tokens.sts.global.api.aws',
}

function settingsOf(preset: string, more: object = {}) {
  return oidcSettings.parse({
    preset,
    audiences: ['mayfly'],
    ...(issuers[preset] && { issuer: issuers[preset] }),
    ...more,
  })
}

function refusal(preset: string, input: BindingInput): string | undefined {
  try {
    oidcTrustProvider.parseBinding(input, settingsOf(preset))
    return undefined
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== 'request_invalid') throw error
    if (error.options.hint === undefined) throw new Error('a refusal does not say the fix', { cause: error })
    return error.options.publicDetail
  }
}

interface Row {
  readonly preset: string
  /** Refused, because. */
  readonly wide: readonly (readonly [why: RegExp, BindingInput])[]
  readonly narrow: readonly BindingInput[]
}

const rows: readonly Row[] = [
  {
    preset: 'github_actions',
    wide: [
      [/wildcard/, { subject: 'repo:acme/*:ref:refs/heads/main' }],
      [/wildcard/, { subject: 'repo:acme/orders:*' }],
      [/pattern/, { subject: 'repo:acme/orders:ref:refs/heads/release-?' }],
      [/beginning of a subject/, { subject: 'repo:acme/' }],
      [/beginning of a subject/, { subject: 'repo:acme/orders:' }],
      [/names no repository/, { subject: 'repo:acme/orders' }],
      [/names no repository/, { subject: 'repository_owner:acme' }],
      [
        /neither an environment nor a branch nor/,
        { subject: 'repository_owner:acme', claims: { repository: 'acme/orders' } },
      ],
      [/every pull request/, { subject: 'repo:acme/orders:pull_request' }],
      [/every pull request/, { subject: 'repo:acme/orders:pull_request', claims: { environment: 'production' } }],
      [
        /every pull request/,
        {
          subject: 'repo:acme/orders:pull_request',
          claims: { job_workflow_ref: 'acme/orders/.github/workflows/x.yml@refs/pull/7/merge' },
        },
      ],
      [
        /neither an environment nor a branch/,
        { subject: 'repo:acme/orders:job_workflow_ref:acme/shared/x.yml@refs/heads/main' },
      ],
      [/not blank/, { subject: ' ' }],
      [/not blank/, {}],
      [/no key of its own/, { subject: 'repo:acme/orders:environment:production', public_jwk: {} }],
      [/compared anyway/, { subject: 'repo:acme/orders:environment:production', claims: { aud: 'mayfly' } }],
    ],
    narrow: [
      { subject: 'repo:acme/orders:environment:production' },
      { subject: 'repo:acme/orders:ref:refs/heads/main' },
      { subject: 'repo:acme/orders:ref:refs/tags/v1.2.3' },
      { subject: 'repository_owner:acme', claims: { repository_id: '4711', environment: 'production' } },
      {
        subject: 'repo:acme/orders:pull_request',
        claims: { job_workflow_ref: 'acme/shared/.github/workflows/review.yml@refs/heads/main' },
      },
    ],
  },
  {
    preset: 'gitlab_ci',
    wide: [
      [/whoever may push/, { subject: 'project_path:acme/orders:ref_type:branch:ref:main' }],
      [
        /whoever may push/,
        { subject: 'project_path:acme/orders:ref_type:branch:ref:main', claims: { ref_protected: true } },
      ],
      [/names no project/, { subject: 'project_path:acme', claims: { ref_protected: 'true' } }],
      [/pins no branch/, { subject: 'group:acme', claims: { project_path: 'acme/orders', ref_protected: 'true' } }],
    ],
    narrow: [
      { subject: 'project_path:acme/orders:ref_type:branch:ref:main', claims: { ref_protected: 'true' } },
      { subject: 'project_path:acme/sub/orders:ref_type:tag:ref:v1', claims: { ref_protected: 'true' } },
    ],
  },
  {
    preset: 'kubernetes',
    wide: [
      [/no service account/, { subject: 'system:serviceaccounts:shop' }],
      [/no service account/, { subject: 'system:serviceaccount:shop:' }],
      [/no service account/, { subject: 'system:node:worker-1' }],
      [/`default` is every pod/, { subject: 'system:serviceaccount:shop:default' }],
    ],
    narrow: [{ subject: 'system:serviceaccount:shop:report' }],
  },
  {
    preset: 'google',
    wide: [
      [/no unique id/, { subject: 'report@acme.iam.gserviceaccount.com' }],
      [/not verified/, { subject: '112233445566778899001', claims: { email: 'report@acme.iam.gserviceaccount.com' } }],
    ],
    narrow: [
      { subject: '112233445566778899001' },
      {
        subject: '112233445566778899001',
        claims: { email: 'report@acme.iam.gserviceaccount.com', email_verified: true },
      },
    ],
  },
  {
    preset: 'azure',
    wide: [
      [/in which directory/, { subject: uuid }],
      [/application that the token is for/, { subject: uuid, claims: { tid: uuid } }],
      [/no object id/, { subject: uuid, claims: { tid: uuid, oid: uuid.toUpperCase() + 'A' } }],
    ],
    narrow: [{ subject: uuid, claims: { tid: uuid, oid: uuid } }],
  },
  {
    preset: 'aws',
    wide: [
      [/no IAM role/, { subject: 'arn:aws:iam::123456789012:root', claims: { [account]: '123456789012' } }],
      [/no IAM role/, { subject: 'arn:aws:iam::123456789012:user/ada', claims: { [account]: '123456789012' } }],
      [/account is pinned by the subject only/, { subject: 'arn:aws:iam::123456789012:role/report' }],
      [/another account/, { subject: 'arn:aws:iam::123456789012:role/report', claims: { [account]: '210987654321' } }],
    ],
    narrow: [{ subject: 'arn:aws:iam::123456789012:role/ci/report', claims: { [account]: '123456789012' } }],
  },
]

describe.each(rows)('bindings of $preset', ({ preset, wide, narrow }) => {
  test.each(wide.map(([why, input]) => [JSON.stringify(input), why, input] as const))(
    '%s is refused',
    (_name, why, input) => {
      expect(refusal(preset, input)).toMatch(why)
    },
  )

  test('too wide ones cite what they would be', () => {
    const [, [, input] = [/./, {}]] = wide
    expect(refusal(preset, input)).toContain('OWASP NHI6:2025')
  })

  test.each(narrow.map((input) => [JSON.stringify(input), input] as const))('control: %s is taken', (_name, input) => {
    expect(refusal(preset, input)).toBeUndefined()
  })
})

function faultOf(settings: object): string | undefined {
  return oidcSettings.safeParse({ audiences: ['mayfly'], ...settings }).error?.issues[0]?.message
}

test('an issuer that signs for everybody has its preset, whatever is said', () => {
  const issuer = 'https://token.actions.githubusercontent.com'
  expect(oidcSettings.parse({ issuer, audiences: ['mayfly'] }).preset).toBe('github_actions')
  expect(faultOf({ issuer, preset: 'generic' })).toContain('must be `github_actions`')
  expect(faultOf({ issuer: issuers['azure'], preset: 'generic' })).toContain('must be `azure`')
  expect(faultOf({ issuer: 'https://gitlab.example.com', preset: 'gitlab_ci' }), 'an own installation').toBeUndefined()
  expect(oidcSettings.parse({ issuer: 'https://oidc.example.com', audiences: ['mayfly'] }).preset).toBe('generic')
})

test('what a preset knows is filled in, and what is given stays', () => {
  expect(settingsOf('github_actions')).toMatchObject({
    issuer: 'https://token.actions.githubusercontent.com',
    algorithms: ['RS256'],
    max_age_seconds: 900,
    instance_claims: ['run_id', 'run_attempt'],
  })
  const own = settingsOf('github_actions', { instance_claims: [], max_age_seconds: 60 })
  expect(own).toMatchObject({ instance_claims: [], max_age_seconds: 60 })
  expect(oidcSettings.parse(own), 'what is stored reads back as it is').toEqual(own)
})

test('issuers and audiences that are everybody’s are refused', () => {
  expect(faultOf({ preset: 'kubernetes' })).toContain('is required')
  for (const tenant of ['common', 'organizations', 'consumers']) {
    expect(faultOf({ preset: 'azure', issuer: `https://login.microsoftonline.com/${tenant}/v2.0` })).toContain(
      'everybody',
    )
  }
  expect(faultOf({ preset: 'aws', issuer: 'https://evil.example' })).toContain('token issuer of the account')
  const audiences = ['https://kubernetes.default.svc']
  expect(faultOf({ preset: 'kubernetes', issuer: issuers['kubernetes'], audiences })).toContain('API server')
})
