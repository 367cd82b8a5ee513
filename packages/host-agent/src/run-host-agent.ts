/** Runs an agent in this process until it is told to stop. */
import type { MayflyClientOptions } from '@mayfly/client'
import type { AccessTokens } from '@mayfly/client/login'
import { makeHttpAuthority } from './authority/http-authority.ts'
import type { HostAgentConfig } from './config/host-agent-config.ts'
import { httpCredentials } from './files/identity-credentials.ts'
import { makeLog } from './log.ts'
import { type HostAgent, startHostAgent } from './start-host-agent.ts'
import { systemTiming } from './timing.ts'

export interface RunInput {
  /** The server, and what authorises each request. */
  readonly client: MayflyClientOptions
  /** Of the agent itself. */
  readonly tokens: AccessTokens
  /** Takes the lines of the log. */
  readonly write: (line: string) => void
  readonly signal: AbortSignal
  readonly onListening: (agent: HostAgent) => void
}

/** @throws SocketError */
export async function runHostAgent(config: HostAgentConfig, input: RunInput): Promise<void> {
  const { client, tokens, write, signal, onListening } = input
  const { trustProvider, x509TtlSeconds, jwtTtlSeconds, silenceSeconds } = config
  const authority = makeHttpAuthority({
    client,
    tokens,
    trustProvider,
    x509TtlSeconds,
    jwtTtlSeconds,
    silenceSeconds,
  })
  const log = makeLog(write, () => systemTiming.now())
  const credentials = httpCredentials(client.baseUrl, () => new Date())
  const agent = await startHostAgent(config, { authority, timing: systemTiming, log, credentials })
  try {
    onListening(agent)
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    await agent.stop()
  }
}
