/** OpenSSL as a judge that we did not write. Only for tests; it must be on the PATH. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePem } from '../../../packages/domain/src/index.ts'
import { makeTempDir } from '../../support/index.ts'

export interface Judgement {
  readonly exitCode: number
  /** Standard output and standard error. */
  readonly text: string
}

export interface OpenSsl {
  /** Runs it in a folder of its own. */
  run(...args: readonly string[]): Promise<Judgement>
  /** As `run`. @throws Error: it failed */
  make(...args: readonly string[]): Promise<string>
  write(name: string, text: string | Uint8Array): Promise<string>
  writePem(name: string, label: string, ...ders: readonly Uint8Array[]): Promise<string>
  read(name: string): Promise<Uint8Array>
}

export async function openOpenSsl(): Promise<OpenSsl> {
  const dir = await makeTempDir('openssl')
  const run: OpenSsl['run'] = (...args) =>
    new Promise((resolve, reject) => {
      // No configuration of the machine's: what it makes depends on what the test says.
      const options = { cwd: dir, env: { PATH: process.env['PATH'] ?? '', OPENSSL_CONF: '/dev/null' }, timeout: 30_000 }
      execFile('openssl', [...args], options, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : error.code
        if (typeof exitCode !== 'number') reject(error ?? new Error('openssl did not run'))
        else resolve({ exitCode, text: `${stdout}${stderr}` })
      })
    })
  const write: OpenSsl['write'] = async (name, text) => {
    await writeFile(join(dir, name), text)
    return name
  }
  return {
    run,
    async make(...args) {
      const { exitCode, text } = await run(...args)
      if (exitCode !== 0) throw new Error(`openssl ${args.join(' ')}: ${text}`)
      return text
    },
    write,
    writePem: (name, label, ...ders) => write(name, ders.map((der) => encodePem(label, der)).join('')),
    read: async (name) => new Uint8Array(await readFile(join(dir, name))),
  }
}
