/**
 * The proof that a host agent (or another Workload API) gives a process: a JWT-SVID for the server.
 *
 * Only asked where nothing else says how to prove oneself, see `connect.ts`.
 */
import { access } from 'node:fs/promises'
import { jwtSvidProof, type ProofSource } from '@mayfly/client/login'
import type { Environment } from './cli.ts'
import { UsageError } from './usage-error.ts'

const defaultSocketPath = '/run/mayfly/agent.sock'

/** @returns undefined where there is no Workload API. @throws UsageError `SPIFFE_ENDPOINT_SOCKET` is no address of one */
export async function findWorkloadApi(env: Environment): Promise<string | undefined> {
  const named = env['SPIFFE_ENDPOINT_SOCKET']
  if (named === undefined || named === '') {
    const isThere = await access(defaultSocketPath).then(
      () => true,
      () => false,
    )
    return isThere ? `unix://${defaultSocketPath}` : undefined
  }
  const { EndpointError, parseEndpoint } = await import('@mayfly/host-agent')
  try {
    return parseEndpoint(named)
  } catch (error) {
    if (error instanceof EndpointError) throw new UsageError(`SPIFFE_ENDPOINT_SOCKET: ${error.message}`)
    throw error
  }
}

/** @param identity its name or SPIFFE ID; undefined: the first that the process is entitled to */
export function workloadApiProof(target: string, identity: string | undefined): ProofSource {
  return jwtSvidProof(async (audience, signal) => {
    const { fetchJwtSvids } = await import('@mayfly/host-agent')
    const svids = await fetchJwtSvids(target, audience, undefined, signal)
    const wanted = svids.find(({ spiffeId }) => identity === undefined || isNamed(spiffeId, identity))
    if (wanted !== undefined) return wanted.token
    const known = svids.map(({ spiffeId }) => spiffeId.split('/').at(-1)).join('`, `')
    throw new UsageError(
      `the Workload API at \`${target}\` does not vouch for this process as \`${identity}\``,
      `it vouches for it as \`${known}\``,
    )
  })
}

/** `spiffe://<trust domain>/<environment>/<kind>/<name>`. */
function isNamed(spiffeId: string, identity: string): boolean {
  return spiffeId === identity || spiffeId.split('/').at(-1) === identity
}
