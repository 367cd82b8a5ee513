/**
 * The way in for the first administrator: a secret in a file that only the server's own user can read.
 *
 * Promise: made once across all servers, never logged, kept only as a digest, for one use within fifteen minutes. Where
 * there is an administrator, there is no such way in.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MayflyError, type TenantId } from '@mayfly/domain'
import { claimBootstrap, hasAdministrator } from '../../store/bootstrap-rows.ts'
import { appendAudit } from '../audit/append-audit.ts'
import type { CoreDeps } from '../context.ts'
import { bootstrapTtlSeconds, maxBootstrapAttempts } from './bootstrap-limits.ts'

export type BootstrapOutcome =
  | { readonly outcome: 'made'; readonly file: string; readonly expiresAt: Date }
  /** There is an administrator already. */
  | { readonly outcome: 'not_needed' }
  /** Another server made it, and it can still be used. */
  | { readonly outcome: 'made_elsewhere' }

/**
 * Call it at each start.
 *
 * @throws MayflyError `configuration_invalid`: the file cannot be written; then there is no secret either
 */
export async function makeBootstrap(deps: CoreDeps, tenantId: TenantId, file: string): Promise<BootstrapOutcome> {
  return deps.database.transaction(tenantId, async (tx) => {
    if (await hasAdministrator(tx)) {
      // Another server may have taken the secret that this one wrote.
      await removeBootstrapFile(deps, file)
      return { outcome: 'not_needed' }
    }
    const now = deps.clock.now()
    const expiresAt = new Date(now.getTime() + bootstrapTtlSeconds * 1000)
    const secret = randomBytes(32).toString('base64url')
    const row = { secret_digest: bootstrapDigest(secret), made_at: now, expires_at: expiresAt }
    if (!(await claimBootstrap(tx, row, maxBootstrapAttempts))) return { outcome: 'made_elsewhere' }
    await appendAudit(tx, {
      action: 'bootstrap.made',
      at: now,
      actor: { kind: 'system', worker: 'start' },
      body: { expires_at: expiresAt.toISOString() },
    })
    // Before the commit: a row without a file would lock everyone out until its end; a file without a row opens nothing.
    await writeSecretFile(file, secret)
    return { outcome: 'made', file, expiresAt }
  })
}

/** A used secret opens nothing; a file that cannot be removed is told, and no reason to stop. */
export async function removeBootstrapFile({ logger }: CoreDeps, file: string | undefined): Promise<void> {
  if (file === undefined) return
  await rm(file, { force: true }).catch((cause: unknown) => {
    logger.warn({ file, err: cause }, 'the file of the used bootstrap secret cannot be removed')
  })
}

export function bootstrapDigest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

async function writeSecretFile(path: string, secret: string): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(unfinished, 'wx', 0o600)
    try {
      await file.writeFile(`${secret}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (cause) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `\`MAYFLY_BOOTSTRAP_FILE\`: \`${path}\` cannot be written`,
      hint: 'name a path that this user can write to',
      cause,
    })
  }
}
