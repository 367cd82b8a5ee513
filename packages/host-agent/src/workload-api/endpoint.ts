/** Where the Workload API is (SPIFFE Workload Endpoint section 4, `SPIFFE_ENDPOINT_SOCKET`). */
export const defaultSocketPath = '/run/mayfly/agent.sock'

/** What is given is no address of a Workload API. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError'
}

/**
 * `unix:///abs/path` without an authority, or `tcp://<IP address>:<port>` without a path.
 *
 * @returns the address as gRPC takes it
 * @throws EndpointError
 */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isBare = url?.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (url?.protocol === 'unix:' && isBare && url.host === '' && /^unix:\/\/\/./.test(text)) {
    return `unix://${decodeURIComponent(url.pathname)}`
  }
  // `URL` keeps what it does not know apart from the host, so the text is read itself.
  const [, host = '', port = ''] = /^tcp:\/\/(\d+(?:\.\d+){3}|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text) ?? []
  if (host !== '' && Number(port) > 0 && Number(port) < 65_536) return `${host}:${port}`
  throw new EndpointError(
    `\`${text}\` is no address of a Workload API: give it as \`unix:///run/mayfly/agent.sock\` or \`tcp://127.0.0.1:8081\``,
  )
}
