/** GitLab CI: an `id_tokens` entry of one job. */
import { type Preset, refusePatterns, requireOneOf, tooWide } from './preset.ts'

export const gitlabCi: Preset = {
  name: 'gitlab_ci',
  title: 'GitLab CI',
  issuer: 'https://gitlab.com',
  algorithms: ['RS256'],
  maxAgeSeconds: 3600,
  instanceClaims: ['pipeline_id', 'job_id'],
  policyClaims: [
    'namespace_path',
    'namespace_id',
    'project_path',
    'project_id',
    'ref',
    'ref_type',
    'ref_protected',
    'ref_path',
    'environment',
    'environment_protected',
    'deployment_tier',
    'pipeline_source',
    'pipeline_id',
    'job_id',
    'runner_environment',
    'ci_config_ref_uri',
    'sha',
    'user_id',
  ],
  judgeBinding(binding) {
    refusePatterns(binding)
    const { subject, claims } = binding
    const named = /^project_path:[^:]+\/[^:]+:ref_type:(branch|tag):ref:.+$/.test(subject)
    if (!named) {
      requireOneOf(
        binding,
        ['project_path', 'project_id'],
        `\`${subject}\` names no project: others of the group could have it too`,
        'use `project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH`, or add `project_path` or `project_id` to `claims`',
      )
      requireOneOf(binding, ['ref', 'environment'], `\`${subject}\` pins no branch`, 'add `ref` or `environment`')
    }
    // GitLab writes the booleans of its tokens as texts.
    if (claims['ref_protected'] === 'true' || claims['environment_protected'] === 'true') return
    throw tooWide(
      '/claims',
      `\`${subject}\` alone is whoever may push that branch`,
      'protect the branch, and add `"ref_protected": "true"` to `claims` (a text, as GitLab writes it)',
    )
  },
}
