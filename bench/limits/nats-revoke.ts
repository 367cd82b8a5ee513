/**
 * The limit of ending many users of NATS: one push of the whole list, signed beforehand, and looking until nobody of them is
 * connected. It does not read what is there before, nor what the server makes of it after: those are ours to do in the time
 * that is left.
 */
import type { NatsConnection } from '@nats-io/transport-node'

/** @returns milliseconds until no session is left */
export async function measureRawEnd(
  system: NatsConnection,
  account: string,
  token: string,
  users: ReadonlySet<string>,
): Promise<number> {
  const startMs = performance.now()
  await system.request('$SYS.REQ.CLAIMS.UPDATE', token, { timeout: 10_000 })
  for (;;) {
    const answer = await system.request(
      `$SYS.REQ.ACCOUNT.${account}.CONNZ`,
      JSON.stringify({ auth: true, limit: 100_000 }),
      { timeout: 10_000 },
    )
    const { data } = JSON.parse(answer.string()) as {
      readonly data: { readonly connections: readonly { readonly authorized_user?: string }[] }
    }
    if (!data.connections.some((one) => users.has(one.authorized_user ?? ''))) return performance.now() - startMs
  }
}
