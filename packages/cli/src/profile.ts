/**
 * What is remembered of a server: `$XDG_CONFIG_HOME/mayfly/servers/<host>/`, for its owner only.
 *
 * Held there: who signs in with a key (`profile.json`), that key (`key.jwk`), the session of who signed in at a provider
 * (`session.json`), and what the audit log looked like when it was last verified (`log.json`). With a key no access token is
 * kept: each command proves itself anew.
 */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './cli.ts'
import { loginFileOf, readPrivateFile, writePrivateFile } from '@mayfly/client/login'

export interface Profile {
  readonly url: string
  readonly client_id: string
  readonly name: string
  readonly email: string
}

/** A log as it was seen, so that a later one can be held against it. */
export interface RememberedLog {
  readonly origin: string
  readonly keys: readonly string[]
  /** The signed note. */
  readonly checkpoint?: string
}

export function configDir(env: Environment): string {
  const base = env['XDG_CONFIG_HOME']
  return join(base !== undefined && base.startsWith('/') ? base : join(env['HOME'] ?? homedir(), '.config'), 'mayfly')
}

export function keyPath(env: Environment, url: string): string {
  return join(serverDir(env, url), 'key.jwk')
}

/** The authorities by which the server is believed, as they were given at the login. */
export async function findTrustBundle(env: Environment, url: string): Promise<string | undefined> {
  try {
    return await readFile(join(serverDir(env, url), 'trust-bundle'), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

export async function saveTrustBundle(env: Environment, url: string, text: string): Promise<void> {
  await writePrivateFile(join(serverDir(env, url), 'trust-bundle'), text)
}

export async function findProfile(env: Environment, url: string): Promise<Profile | undefined> {
  return readJson<Profile>(join(serverDir(env, url), 'profile.json'))
}

/** The server of the last login is the one that commands mean where they name none. */
export async function saveProfile(env: Environment, profile: Profile): Promise<void> {
  await writePrivateJson(join(serverDir(env, profile.url), 'profile.json'), profile)
  await rememberServer(env, profile.url)
}

export async function rememberServer(env: Environment, url: string): Promise<void> {
  await writePrivateJson(join(configDir(env), 'current.json'), { url })
}

export async function findCurrentUrl(env: Environment): Promise<string | undefined> {
  return (await readJson<{ url: string }>(join(configDir(env), 'current.json')))?.url
}

/** Forgets who signs in; what is remembered of the log stays. */
export async function removeProfile(env: Environment, url: string): Promise<void> {
  await rm(keyPath(env, url), { force: true })
  await rm(loginFileOf(keyPath(env, url)), { force: true })
  await rm(join(serverDir(env, url), 'profile.json'), { force: true })
  if ((await findCurrentUrl(env)) === url) await rm(join(configDir(env), 'current.json'), { force: true })
}

export async function findRememberedLog(env: Environment, url: string): Promise<RememberedLog | undefined> {
  return readJson<RememberedLog>(join(serverDir(env, url), 'log.json'))
}

export async function rememberLog(env: Environment, url: string, log: RememberedLog): Promise<void> {
  await writePrivateJson(join(serverDir(env, url), 'log.json'), log)
}

export async function forgetLog(env: Environment, url: string): Promise<void> {
  await rm(join(serverDir(env, url), 'log.json'), { force: true })
}

export function serverDir(env: Environment, url: string): string {
  const { protocol, host } = new URL(url)
  return join(configDir(env), 'servers', `${protocol.slice(0, -1)}_${host.replaceAll(/[^A-Za-z0-9.-]/g, '_')}`)
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** @param what completes "the … file": it holds a secret, and others may not read it */
export async function findPrivateJson<T>(path: string, what: string): Promise<T | undefined> {
  if (!existsSync(path)) return undefined
  return JSON.parse(await readPrivateFile(path, what)) as T
}

export function writePrivateJson(path: string, value: unknown): Promise<void> {
  return writePrivateFile(path, `${JSON.stringify(value, null, 2)}\n`)
}
