import { natsProvider } from '@mayfly/provider-nats'
import { connect as connectNats } from '@nats-io/transport-node'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { readClaims } from '../../packages/providers/nats/src/nats-jwt.ts'
import { readSeed } from '../../packages/providers/nats/src/nkey.ts'
import { startNatsBench } from '../nats-target.ts'
import { type DeadTarget, type Fields, textOf } from './dead-target.ts'

export async function startDeadNats(): Promise<DeadTarget> {
  const bench = await startNatsBench()
  const { prepared } = bench
  const connect = (fields: Fields) => {
    const key = readSeed('user', textOf(fields, 'seed'))
    return connectNats({
      servers: textOf(fields, 'servers').split(','),
      // Signed natively: the library's own signature takes milliseconds of the core that is measured.
      authenticator: (nonce?: string) => ({
        jwt: textOf(fields, 'jwt'),
        nkey: key?.publicKey ?? '',
        sig: key?.sign(Buffer.from(nonce ?? '')).toString('base64url') ?? '',
      }),
      reconnect: false,
    })
  }
  return {
    kind: 'nats',
    provider: natsProvider as unknown as Provider,
    resource: {
      settings: {
        servers: prepared.settings.servers,
        tls: { mode: 'disabled_loopback_only' },
        account_public_key: prepared.settings.account_public_key,
        trusted_operator_keys: prepared.settings.trusted_operator_keys,
      },
      secret: prepared.secret,
      permission: { publish: { allow: ['orders.>'] } },
    },
    async logIn(fields) {
      try {
        const connection = await connect(fields)
        await connection.close()
        return true
      } catch (error) {
        // The second: ended between its login and its goodbye.
        if (error instanceof Error && /Authorization Violation|Authentication Revoked/i.test(error.message))
          return false
        throw error
      }
    },
    async hold(fields) {
      const connection = await connect(fields)
      return {
        ended: connection.closed().then(() => undefined),
        close: () => void connection.close(),
      }
    },
    /** By the list of the ended that the server has stored: it keeps no account of its own. */
    async present(handles) {
      const claims = readClaims(await prepared.stored(), 'operator')
      const ended = (claims?.nats as { readonly revocations?: Readonly<Record<string, number>> } | undefined)
        ?.revocations
      return new Set(
        handles.filter((one) => ended?.[one.targetKey ?? ''] === undefined).map(({ accountName }) => accountName),
      )
    },
    close: () => bench.close(),
  }
}
