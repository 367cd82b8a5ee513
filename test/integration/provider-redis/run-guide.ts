import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../support/servers/find-program.ts'
import type { RedisAccess } from '../../support/index.ts'

/** Runs the text of `mayfly resource guide redis` in a shell, as a person would: two passwords are typed in. */
export async function runGuide(
  guide: string,
  { host, port, password, caPem }: RedisAccess,
  login: { readonly username: string; readonly password: string },
): Promise<string> {
  const cli = await findProgram({ names: ['redis-cli', 'valkey-cli'], debianPackage: 'redis-tools' })
  const dir = await mkdtemp(join(tmpdir(), 'mayfly-guide-'))
  try {
    const ca = join(dir, 'ca.pem')
    if (caPem !== undefined) await writeFile(ca, caPem)
    const tls = caPem === undefined ? '' : ` --tls --cacert ${ca}`
    const shell = spawn('sh', ['-c', guide], {
      env: {
        ...process.env,
        REDIS_CLI: `${cli} -h ${host} -p ${port} --user default${tls}`,
        MAYFLY_LOGIN: login.username,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [shell.stdout, shell.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    shell.stdin.end(`${password}\n${login.password}\n`)
    await new Promise<void>((resolve, reject) => {
      shell.once('error', reject)
      shell.once('close', () => resolve())
    })
    if (!/^OK$/m.test(output)) throw new Error(`the guide failed: ${output}`)
    return output
  } finally {
    await rm(dir, { recursive: true })
  }
}
