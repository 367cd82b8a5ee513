/**
 * SVIDs and credentials as files, for programs that speak no Workload API.
 *
 * Promise: each file appears whole, with its mode and owner; what was revoked is removed. What merely cannot be renewed
 * stays, and ends by its own date. Stopping the agent leaves the files as they are.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { FileEntry } from '../config/host-agent-config.ts'
import { type Holding, type HoldingDeps, type HoldingState, makeHolding } from '../identity/holding.ts'
import type { BundleSnapshot, TrustBundles } from '../identity/trust-bundles.ts'
import { reasonOf } from '../log.ts'
import { certificatesPem, toPem } from '../pem.ts'
import { ownInstance } from '../process/process-handle.ts'
import { backoffMs, halfLifeMs, pause } from '../timing.ts'
import { runAfterChange } from './after-change.ts'
import type { CredentialSource, RoleCredential } from './identity-credentials.ts'
import { writeFileWhole } from './write-file.ts'

export interface FileDeps extends HoldingDeps {
  readonly bundles: TrustBundles
  /** Needed where an entry names roles. */
  readonly credentials: CredentialSource | undefined
}

export interface FileKeeper {
  readonly holdings: readonly Holding[]
  /** Resolves when all have stopped. */
  readonly done: Promise<void>
}

export function keepFiles(deps: FileDeps, entries: readonly FileEntry[], signal: AbortSignal): FileKeeper {
  const kept = entries.map((entry) => {
    const holding = makeHolding(deps, {
      instance: ownInstance(),
      readSelectors: async () => [`mayfly:file:${entry.name}`],
      findFault: () => undefined,
      about: { file: entry.name },
    })
    return { holding, done: keepEntry(deps, entry, holding, signal) }
  })
  return {
    holdings: kept.map(({ holding }) => holding),
    done: Promise.all(kept.map(({ done }) => done)).then(() => undefined),
  }
}

interface RoleFile {
  readonly role: string
  readonly path: string
  credential: RoleCredential | undefined
  renewAtMs: number
}

async function keepEntry(deps: FileDeps, entry: FileEntry, holding: Holding, signal: AbortSignal): Promise<void> {
  const { timing, log, bundles } = deps
  const want = { x509: entry.certificate !== undefined }
  const written = new Map<string, string>()
  const roles: RoleFile[] = entry.credentials.map((one) => ({ ...one, credential: undefined, renewAtMs: 0 }))
  const credentials = deps.credentials?.(async (audience) => firstJwt([audience]), signal)
  let wake = new AbortController()
  const rouse = () => wake.abort()
  const unsubscribe = [holding.subscribe(rouse, want), bundles.subscribe(rouse)]
  let failures = 0
  while (!signal.aborted) {
    wake = new AbortController()
    let nextAtMs: number
    try {
      const state = await holding.ensure(want)
      const snapshot = bundles.current()
      if (state.phase === 'entitled' && snapshot !== undefined) {
        const { contents, dueAtMs, missing } = await readContents(state, snapshot)
        if (await writeChanged(contents)) await runAfterChange(entry, log)
        if (missing !== undefined) throw missing
        nextAtMs = dueAtMs
        failures = 0
      } else {
        if (state.phase === 'refused') await removeAll()
        failures += 1
        nextAtMs = timing.now() + backoffMs(timing, failures)
      }
    } catch (error) {
      if (signal.aborted) break
      failures += 1
      if (failures === 1) log.warn('files_not_written', { file: entry.name, reason: reasonOf(error) })
      nextAtMs = timing.now() + backoffMs(timing, failures)
    }
    await pause(timing, Math.max(nextAtMs - timing.now(), 50), signal, wake.signal)
  }
  for (const stop of unsubscribe) stop()

  /** What stands in the files now, when something of it is due, and why something is missing. One does not wait for another. */
  async function readContents(
    state: Extract<HoldingState, { phase: 'entitled' }>,
    snapshot: BundleSnapshot,
  ): Promise<{ contents: ReadonlyMap<string, string>; dueAtMs: number; missing: Error | undefined }> {
    let missing: Error | undefined
    const attempt = async (work: () => Promise<void>) => {
      await work().catch((error: unknown) => {
        missing = error instanceof Error ? error : new Error('unknown')
      })
    }
    const contents = new Map<string, string>()
    const due: number[] = [timing.now() + 60_000]
    const own = snapshot.bundles.get(snapshot.trustDomain)
    const [identity] = state.identities
    if (entry.bundle !== undefined && own !== undefined)
      contents.set(entry.bundle, certificatesPem(own.x509Authorities))
    if (entry.key !== undefined && entry.certificate !== undefined && identity?.x509 !== undefined) {
      // The key first: a reader that looks between the two finds the old certificate with the new key and looks again.
      contents.set(entry.key, toPem('PRIVATE KEY', identity.x509.privateKey))
      contents.set(entry.certificate, certificatesPem(identity.x509.certificates))
    }
    for (const { audience, path } of entry.jwt) {
      await attempt(async () => {
        const [svid] = await jwtSvids(audience)
        if (svid === undefined) return
        contents.set(path, svid.token)
        due.push((svid.issuedAtMs + svid.expiresAtMs) / 2 + 1_000)
      })
    }
    for (const one of roles) {
      await attempt(async () => {
        contents.set(one.path, `${JSON.stringify((await currentCredential(one)).document, null, 2)}\n`)
        due.push(one.renewAtMs)
      })
    }
    return { contents, dueAtMs: Math.min(...due), missing }
  }

  async function jwtSvids(audience: readonly string[]) {
    const found = await holding.jwtSvids(audience)
    if ('phase' in found) throw new Error('reason' in found ? found.reason : 'the identity is being attested')
    return found
  }

  async function firstJwt(audience: readonly string[]): Promise<string> {
    const [svid] = await jwtSvids(audience)
    if (svid === undefined) throw new Error('there is no identity')
    return svid.token
  }

  async function currentCredential(one: RoleFile): Promise<RoleCredential> {
    if (one.credential !== undefined && timing.now() < one.renewAtMs) return one.credential
    if (credentials === undefined) throw new Error('no server is known that issues credentials')
    const renewed = one.credential === undefined ? undefined : await credentials.renew(one.credential)
    // What has reached its last end soon is followed by another; it ends by itself.
    const isUsable = renewed !== undefined && renewed.expiresAtMs < renewed.maxExpiresAtMs
    const credential = isUsable ? renewed : await credentials.issue(one.role)
    one.credential = credential
    one.renewAtMs = halfLifeMs(timing, timing.now(), credential.expiresAtMs)
    return credential
  }

  async function writeChanged(contents: ReadonlyMap<string, string>): Promise<boolean> {
    let isChanged = false
    for (const [path, content] of contents) {
      const digest = createHash('sha256').update(content).digest('hex')
      if (written.get(path) === digest) continue
      await writeFileWhole(path, content, entry)
      written.set(path, digest)
      isChanged = true
    }
    if (isChanged) log.info('files_written', { file: entry.name })
    return isChanged
  }

  async function removeAll(): Promise<void> {
    if (written.size === 0) return
    for (const path of written.keys()) if (path !== entry.bundle) await rm(path, { force: true })
    written.clear()
    for (const one of roles) one.credential = undefined
    log.info('files_removed', { file: entry.name })
    await runAfterChange(entry, log)
  }
}
