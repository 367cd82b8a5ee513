/** GitHub Actions: a token for one job of one run (`permissions: id-token: write`). */
import { type BindingText, type Preset, refusePatterns, requireOneOf, tooWide } from './preset.ts'

const fixSubject =
  'use `repo:OWNER/REPO:environment:NAME`, and protect that environment in the repository; or `repo:OWNER/REPO:ref:refs/heads/BRANCH` of a protected branch'

export const githubActions: Preset = {
  name: 'github_actions',
  title: 'GitHub Actions',
  issuer: 'https://token.actions.githubusercontent.com',
  algorithms: ['RS256'],
  maxAgeSeconds: 900,
  // A job that runs again is another instance; so is another job of the same run where it is bound apart.
  instanceClaims: ['run_id', 'run_attempt'],
  policyClaims: [
    'repository',
    'repository_id',
    'repository_owner',
    'repository_owner_id',
    'repository_visibility',
    'ref',
    'ref_type',
    'ref_protected',
    'environment',
    'event_name',
    'workflow_ref',
    'job_workflow_ref',
    'job_workflow_sha',
    'runner_environment',
    'run_id',
    'run_attempt',
    'sha',
    'actor_id',
  ],
  judgeBinding(binding) {
    refusePatterns(binding)
    const { subject } = binding
    if (/[:/]$/.test(subject)) {
      throw tooWide('/subject', `\`${subject}\` is the beginning of a subject: no token has it`, fixSubject)
    }
    const [, rest] = /^repo:[^/:]+\/[^/:]+:(.+)$/.exec(subject) ?? []
    if (rest === undefined) return judgeOwnTemplate(binding)
    if (rest === 'pull_request') return judgePullRequest(binding)
    if (/^(environment:.+|ref:refs\/(heads|tags)\/.+)$/.test(rest)) return
    if (rest.startsWith('ref:refs/pull/')) return judgePullRequest(binding)
    requireOneOf(
      binding,
      ['environment', 'ref'],
      `\`${subject}\` pins neither an environment nor a branch: every branch, and whoever can push one, would be this identity`,
      `add \`environment\` or \`ref\` to \`claims\`, or ${fixSubject}`,
    )
  },
}

/** The repository's own template of subjects may leave out what must be pinned. */
function judgeOwnTemplate(binding: BindingText): void {
  requireOneOf(
    binding,
    ['repository', 'repository_id'],
    `\`${binding.subject}\` names no repository: others of the same owner could have it too`,
    'add `repository` or, better, `repository_id` to `claims`',
  )
  requireOneOf(
    binding,
    ['environment', 'ref', 'job_workflow_ref'],
    `\`${binding.subject}\` pins neither an environment nor a branch nor a workflow`,
    'add `environment`, `ref` or `job_workflow_ref` to `claims`',
  )
}

/** What runs for a pull request is what its author wrote, unless a workflow of another ref is pinned. */
function judgePullRequest(binding: BindingText): void {
  const workflow = binding.claims['job_workflow_ref']
  if (typeof workflow === 'string' && /@(?!refs\/pull\/).+/.test(workflow)) return
  throw tooWide(
    '/subject',
    `\`${binding.subject}\` is every pull request: whoever opens one chooses what runs as this identity`,
    `${fixSubject}; or pin \`job_workflow_ref\` of a reusable workflow at a ref that pull requests cannot change`,
  )
}
