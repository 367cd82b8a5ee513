/**
 * The npm packages with PostgreSQL's binaries cannot hold symbolic links; they list them in `native/pg-symlinks.json`
 * and make them in a postinstall script. Installs with `--ignore-scripts` leave them out, and the server then does
 * not find its libraries. So Mayfly makes them itself.
 */
import { readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { z } from 'zod'

const listed = z.array(z.object({ source: z.string(), target: z.string() }))

/**
 * Makes the links that are missing. Several processes may do so at once.
 *
 * @param packageDir the folder that holds `native/`
 * @returns how many were made
 * @throws the error of the file system, e.g. EACCES or EROFS, where the folder cannot be written to
 */
export async function hydrateSymlinks(packageDir: string): Promise<number> {
  let made = 0
  for (const link of await readLinks(packageDir)) {
    try {
      await symlink(link.pointsTo, link.path)
      made += 1
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  return made
}

async function readLinks(packageDir: string): Promise<{ path: string; pointsTo: string }[]> {
  let text: string
  try {
    text = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8')
  } catch (error) {
    // Not every platform has links.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const inside = join(packageDir, 'native') + sep
  return listed.parse(JSON.parse(text)).map(({ source, target }) => {
    const path = resolve(packageDir, target)
    const original = resolve(packageDir, source)
    if (!path.startsWith(inside) || !original.startsWith(inside)) {
      throw new Error(`pg-symlinks.json names \`${target}\` or \`${source}\`, which is outside the package`)
    }
    // Relative, so that the folder can be moved or copied with its links.
    return { path, pointsTo: relative(dirname(path), original) }
  })
}
