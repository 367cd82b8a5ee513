/** How this server asks a Kubernetes cluster about tokens: from its configuration alone. */
import { readFile } from 'node:fs/promises'
import { Secret } from '@mayfly/provider-kit'
import type { ClusterReviewer } from '../adapters/trust-providers/trust-provider.ts'
import type { Config } from './config.ts'

export function clusterReviewerOf({ kubernetes }: Pick<Config, 'kubernetes'>): ClusterReviewer | undefined {
  if (kubernetes === undefined) return undefined
  const { apiUrl, tokenFile, caFile } = kubernetes
  return {
    apiUrl,
    async read() {
      const token = (await readFile(tokenFile, 'utf8')).trim()
      if (token === '') throw new Error(`\`${tokenFile}\` is empty`)
      return {
        token: new Secret(token),
        caPem: caFile === undefined ? undefined : await readFile(caFile, 'utf8'),
      }
    },
  }
}
