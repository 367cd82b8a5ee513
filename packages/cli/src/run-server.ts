/** Runs a server in this process until it is told to stop. */
import { MayflyError } from '@mayfly/domain'
import type { Cli, Environment } from './cli.ts'
import { UsageError } from './usage-error.ts'

/**
 * @param onReady told once the server answers
 * @throws UsageError the configuration is not usable: every fault at once
 */
export async function runServer(
  { signal, onHangUp }: Pick<Cli, 'signal' | 'onHangUp'>,
  env: Environment,
  onReady: (server: { readonly url: string }) => Promise<void> | void,
): Promise<void> {
  // Only here: a command that asks a server need not load one.
  const { describeConfigFaults, loadConfig, startServer } = await import('@mayfly/server')
  const config = await loadConfig(env).catch((error: unknown) => {
    if (!(error instanceof MayflyError) || error.code !== 'configuration_invalid') throw error
    const [message = '', ...details] = describeConfigFaults(error).split('\n')
    throw new UsageError(
      message,
      undefined,
      details.map((line) => line.trim()),
    )
  })
  const server = await startServer(config, { signal })
  onHangUp(() => void server.reload())
  try {
    await onReady(server)
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    await server.stop()
  }
}
