import { superuser } from './create-cluster.ts'
import type { ServerAddress } from './embedded-postgres.ts'
import type { ListenAt } from './server-settings.ts'

export function serverAddress({ port, socketDir }: ListenAt): ServerAddress {
  return {
    host: socketDir ?? '127.0.0.1',
    port,
    ...(socketDir !== undefined && { socketDir }),
    superuser,
    connectionUrl(user, password, database) {
      const login = `${encodeURIComponent(user)}:${encodeURIComponent(password.reveal())}`
      const name = encodeURIComponent(database)
      // A path cannot stand where a URL has its host; libpq and pg take it as a parameter.
      return socketDir === undefined
        ? `postgres://${login}@127.0.0.1:${port}/${name}`
        : `postgres://${login}@/${name}?host=${encodeURIComponent(socketDir)}&port=${port}`
    },
  }
}
