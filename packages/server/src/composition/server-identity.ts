/**
 * With which certificate the server's listeners answer, and its change while they run.
 *
 * Promise: a certificate is replaced without a connection being dropped: new handshakes get the new one, those that stand
 * go on. An SVID of our own is renewed at half its life, and at once where its authority is believed no longer. Files are
 * looked at every few seconds and on SIGHUP; a pair that does not fit is told of and not taken.
 */
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type Server } from 'node:tls'
import { defaultTenantId, type TenantId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { Logger } from '../application/context.ts'
import { issueServerSvid, type ServerNames, type ServerSvid } from '../application/spiffe/issue-server-svid.ts'
import type { SvidDeps } from '../application/spiffe/spiffe-deps.ts'
import { listTrustedAuthorities } from '../store/authority-rows.ts'
import { hostChannel } from '../store/host-event-rows.ts'
import { tlsSettings } from '../surfaces/http/tls-settings.ts'

export interface ServerCertificate {
  /** PEM, the leaf first. */
  readonly cert: string
  readonly key: Secret
}

export interface ServerIdentity {
  current(): ServerCertificate
  /** Has a listener change its certificate with every change from now on. */
  follow(server: Server): void
  /** Looks now whether there is a newer one. */
  reload(): Promise<void>
  close(): Promise<void>
}

const lookEveryMs = 5_000

/** Of the installation's own trust domain. @throws MayflyError `key_unusable` */
export async function openSvidIdentity(deps: SvidDeps, names: ServerNames): Promise<ServerIdentity> {
  const identity = await makeSvidIdentity(deps, defaultTenantId, names)
  // A compromised authority is told of at once, and not looked for.
  const listening = await deps.database.listen(hostChannel, () => void identity.reload())
  return {
    ...identity,
    async close() {
      await listening.close()
      await identity.close()
    },
  }
}

/** Of the trust domain of the tenant; looks by itself every few seconds, and when told to. @throws MayflyError `key_unusable` */
export async function makeSvidIdentity(
  deps: SvidDeps,
  tenantId: TenantId,
  names: ServerNames,
): Promise<ServerIdentity> {
  let svid = await issueServerSvid(deps, tenantId, names)
  const isDue = async (): Promise<boolean> => {
    const now = deps.clock.now()
    const halfOver = now.getTime() - svid.issuedAt.getTime() > (svid.expiresAt.getTime() - svid.issuedAt.getTime()) / 2
    if (halfOver) return true
    const trusted = await deps.database.transaction(tenantId, (tx) => listTrustedAuthorities(tx, now))
    return !trusted.some((row) => row.key_id === svid.issuingKeyId)
  }
  return followedIdentity(deps.logger, certificateOf(svid), async () => {
    if (!(await isDue())) return undefined
    svid = await issueServerSvid(deps, tenantId, names)
    return certificateOf(svid)
  })
}

function certificateOf({ certificate, privateKey }: ServerSvid): ServerCertificate {
  return { cert: certificate, key: privateKey }
}

/** @throws Error: a file cannot be read, or key and certificate do not belong together */
export async function openFileIdentity(
  files: { readonly certFile: string; readonly keyFile: string },
  logger: Logger,
): Promise<ServerIdentity> {
  let seen = await stampOf(files)
  const first = await readPair(files)
  return followedIdentity(logger, first, async () => {
    const stamp = await stampOf(files)
    if (stamp === seen) return undefined
    const pair = await readPair(files)
    seen = stamp
    return pair
  })
}

async function readPair({ certFile, keyFile }: { certFile: string; keyFile: string }): Promise<ServerCertificate> {
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
  // Throws where they do not fit: both may be in the middle of being replaced.
  createSecureContext({ cert, key })
  return { cert, key: new Secret(key) }
}

/** What changes when a file is written, replaced, or is a link that leads elsewhere now. */
async function stampOf({ certFile, keyFile }: { certFile: string; keyFile: string }): Promise<string> {
  const stamps = await Promise.all([stat(certFile), stat(keyFile)])
  return stamps.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join(' ')
}

function followedIdentity(
  logger: Logger,
  first: ServerCertificate,
  findNewer: () => Promise<ServerCertificate | undefined>,
): ServerIdentity {
  let certificate = first
  const listeners = new Set<Server>()
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    try {
      const newer = await findNewer()
      if (newer === undefined) return
      certificate = newer
      for (const server of listeners) {
        server.setSecureContext({ ...tlsSettings, cert: newer.cert, key: newer.key.reveal() })
      }
      logger.info({}, 'the listeners have a new certificate')
    } catch (error) {
      // The present one goes on; the next look tries again.
      logger.error({ err: error }, 'a new certificate for the listeners could not be had')
    }
  }

  const reload = (): Promise<void> => (looking ??= look().finally(() => (looking = undefined)))
  const timer = setInterval(() => void reload(), lookEveryMs)
  return {
    current: () => certificate,
    follow: (server) => void listeners.add(server),
    reload,
    async close() {
      clearInterval(timer)
      await looking
    },
  }
}
