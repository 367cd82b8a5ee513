/** Every preset. A new platform is a file and a line here. */
import { aws } from './presets/aws.ts'
import { azure } from './presets/azure.ts'
import { githubActions } from './presets/github-actions.ts'
import { gitlabCi } from './presets/gitlab-ci.ts'
import { google } from './presets/google.ts'
import { kubernetesPreset } from './presets/kubernetes.ts'
import type { Preset } from './presets/preset.ts'

const generic: Preset = {
  name: 'generic',
  title: 'any other issuer',
  algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
  maxAgeSeconds: 3600,
  instanceClaims: [],
  policyClaims: [],
  judgeBinding: () => undefined,
}

export const presetNames = ['github_actions', 'gitlab_ci', 'kubernetes', 'google', 'azure', 'aws', 'generic'] as const
export type PresetName = (typeof presetNames)[number]

export const presets: Readonly<Record<PresetName, Preset>> = {
  github_actions: githubActions,
  gitlab_ci: gitlabCi,
  kubernetes: kubernetesPreset,
  google,
  azure,
  aws,
  generic,
}

/** Issuers that sign for everybody: without the preset's guard any stranger's workload could be bound by mistake. */
export function presetOfIssuer(issuer: string): PresetName | undefined {
  return presetNames.find(
    (name) =>
      presets[name].issuer === issuer ||
      (name === 'azure' && /^https:\/\/(login\.microsoftonline\.|sts\.windows\.net\/)/.test(issuer)) ||
      (name === 'aws' && /\.tokens\.sts\.global\.api\.aws/.test(issuer)),
  )
}
