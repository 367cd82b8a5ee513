/**
 * PostgreSQL's binaries, as npm installed them: one package per platform, no download at run time.
 *
 * Promise: what is returned can be run by the server's user, whether or not install scripts ran, whether or not
 * `node_modules` can be written to or entered by that user. Not here: checking what npm verified already (integrity).
 */
import { readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MayflyError } from '@mayfly/domain'
import { z } from 'zod'
import { copyBinaries } from './copy-binaries.ts'
import type { EmbeddedVersion, RunUser } from './embedded-postgres.ts'
import { hydrateSymlinks } from './hydrate-symlinks.ts'
import { findBlockedDirectory } from './reach.ts'

export interface PostgresBinaries {
  readonly version: EmbeddedVersion
  /** The npm package's version, e.g. `18.4.0-beta.17`. */
  readonly packageVersion: string
  readonly postgres: string
  readonly initdb: string
  readonly pgCtl: string
}

export interface FindBinariesOptions {
  readonly version?: EmbeddedVersion
  /** Who will run them; default: the user that Mayfly runs as. */
  readonly runUser?: RunUser | undefined
  readonly cacheDir?: string | undefined
  /** Where npm put the package. Default: looked up as Node does. */
  readonly packageDir?: string | undefined
}

/** @throws MayflyError `configuration_invalid`: no binaries for this platform, or they cannot be made usable */
export async function findBinaries(options: FindBinariesOptions = {}): Promise<PostgresBinaries> {
  const version = options.version ?? 18
  const packageDir = await realpath(options.packageDir ?? findPackageDir(version))
  const packageVersion = await readPackageVersion(packageDir)
  const usable = await makeUsable(packageDir, `postgres-${process.platform}-${process.arch}-${packageVersion}`, options)
  const program = (name: string): string =>
    join(usable, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return { version, packageVersion, postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') }
}

/** The npm package that holds the binaries for a platform. */
export function binariesPackage(version: EmbeddedVersion, platform: string, arch: string): string {
  const target = `${platform === 'win32' ? 'windows' : platform}-${arch}`
  // 15 is the same package in an older release, installed for the tests under a name of its own.
  return version === 18 ? `@embedded-postgres/${target}` : `postgres-${version}-${target}`
}

function findPackageDir(version: EmbeddedVersion): string {
  const name = binariesPackage(version, process.platform, process.arch)
  try {
    // The package exports only its main file, `dist/index.js`.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `no PostgreSQL ${version} for this platform: package \`${name}\` is not installed`,
      hint: 'install without `--omit=optional`, or set `MAYFLY_DATABASE_URL` to a PostgreSQL of your own',
      cause,
    })
  }
}

async function makeUsable(packageDir: string, key: string, options: FindBinariesOptions): Promise<string> {
  const blocked = await findBlockedDirectory(options.runUser, join(packageDir, 'native', 'bin', 'postgres'))
  if (blocked !== undefined) return copyBinaries(packageDir, key, options.cacheDir)
  try {
    await hydrateSymlinks(packageDir)
    return packageDir
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EROFS')) {
      return copyBinaries(packageDir, key, options.cacheDir)
    }
    throw error
  }
}

async function readPackageVersion(packageDir: string): Promise<string> {
  const text = await readFile(join(packageDir, 'package.json'), 'utf8')
  return z.object({ version: z.string().regex(/^[0-9A-Za-z.+-]+$/) }).parse(JSON.parse(text)).version
}
