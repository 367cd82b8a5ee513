/** What this provider writes, judged by OpenSSH's own tool. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newId } from '@mayfly/domain'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeCertificate } from '../../../packages/providers/ssh/src/encode-certificate.ts'
import { encodeKrl } from '../../../packages/providers/ssh/src/encode-krl.ts'
import {
  formatOpensshPrivateKey,
  parseOpensshPrivateKey,
} from '../../../packages/providers/ssh/src/openssh-private-key.ts'
import { serialOf } from '../../../packages/providers/ssh/src/serial-number.ts'
import {
  formatPublicKeyLine,
  parsePublicKeyLine,
  sshPublicKeyOf,
} from '../../../packages/providers/ssh/src/ssh-public-key.ts'
import { type SshSigner, sshSignerOf } from '../../../packages/providers/ssh/src/ssh-signer.ts'
import { makeTempDir } from '../../support/index.ts'
import { findProgram } from '../../support/servers/find-program.ts'

const run = promisify(execFile)
let dir: string
let keygen: string
beforeAll(async () => {
  dir = await makeTempDir('ssh-encoders')
  keygen = await findProgram({ names: ['ssh-keygen'], debianPackage: 'openssh-client' })
})

const authorities = {
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
}

function signerOf(key: Parameters<typeof sshSignerOf>[0]): SshSigner {
  const signer = sshSignerOf(key)
  if (signer === undefined) throw new Error('no signer')
  return signer
}

async function certificateFile(
  name: string,
  signer: SshSigner,
  over: Partial<Parameters<typeof encodeCertificate>[1]> = {},
) {
  const certificate = encodeCertificate(signer, {
    publicKey: signerOf(authorities.Ed25519()).publicKey,
    type: 'user',
    serial: 18_446_744_073_709_551_615n,
    keyId: 'mf_test',
    principals: ['deploy', 'root'],
    validAfter: new Date('2026-01-01T00:00:00Z'),
    validBefore: new Date('2026-01-02T00:00:00Z'),
    criticalOptions: { 'source-address': '10.0.0.7/32', 'force-command': 'true' },
    extensions: ['permit-pty', 'permit-agent-forwarding'],
    ...over,
  })
  const file = join(dir, `${name}-cert.pub`)
  await writeFile(file, `${formatPublicKeyLine(certificate)}\n`)
  return file
}

describe('certificates', () => {
  test.for(Object.keys(authorities) as (keyof typeof authorities)[])(
    'ssh-keygen verifies and reads back one that an authority with a key of %s has signed',
    async (name) => {
      const signer = signerOf(authorities[name]())
      const { stdout } = await run(keygen, ['-L', '-f', await certificateFile(`by-${name}`, signer)], {
        env: { ...process.env, TZ: 'UTC' },
      })
      expect(stdout).toContain('Type: ssh-ed25519-cert-v01@openssh.com user certificate')
      expect(stdout).toContain('Serial: 18446744073709551615')
      expect(stdout).toContain('Key ID: "mf_test"')
      expect(stdout).toContain('Valid: from 2026-01-01T00:00:00 to 2026-01-02T00:00:00')
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
        'Principals: deploy root Critical Options: force-command true source-address 10.0.0.7/32 Extensions: permit-agent-forwarding permit-pty',
      )
    },
  )

  test.for(['ed25519', 'ecdsa -b 256', 'ecdsa -b 384', 'ecdsa -b 521', 'rsa -b 2048'])(
    'a workload may bring a key that `ssh-keygen -t %s` made',
    async (kind) => {
      const file = join(dir, `own-${kind.replaceAll(' ', '')}`)
      await run(keygen, ['-q', '-t', ...kind.split(' '), '-N', '', '-f', file])
      const publicKey = parsePublicKeyLine(await readFile(`${file}.pub`, 'utf8'))
      if (publicKey === undefined) throw new Error('not read')
      const signed = await certificateFile(`of-${kind.replaceAll(' ', '')}`, signerOf(authorities.Ed25519()), {
        publicKey,
      })
      const [cert, own] = await Promise.all([
        run(keygen, ['-L', '-f', signed]),
        run(keygen, ['-l', '-f', `${file}.pub`]),
      ])
      const [, fingerprint = 'none'] = own.stdout.split(' ')
      expect(cert.stdout).toMatch(/Type: .*-cert-v01@openssh\.com user certificate/)
      expect(cert.stdout).toContain(fingerprint)
    },
  )

  test('keys that are weak, damaged or something else are refused', () => {
    const line = formatPublicKeyLine(signerOf(authorities.Ed25519()).publicKey)
    const weak = sshPublicKeyOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey)
    expect(parsePublicKeyLine(`${line} ada@laptop`), 'control').toBeDefined()
    const bad = [
      weak && formatPublicKeyLine(weak),
      line.slice(0, -8),
      `${line}\n${line}`,
      line.replace('ssh-ed25519', 'ssh-dss'),
      line.replace('ssh-ed25519', 'ecdsa-sha2-nistp256'),
      `command="true" ${line}`,
      `ecdsa-sha2-nistp256 ${Buffer.concat([
        Buffer.from('00000013', 'hex'),
        Buffer.from('ecdsa-sha2-nistp256'),
        Buffer.from('00000008', 'hex'),
        Buffer.from('nistp256'),
        Buffer.from('00000041', 'hex'),
        Buffer.from('04'.padEnd(130, '11'), 'hex'),
      ]).toString('base64')}`,
    ]
    for (const text of bad) expect(parsePublicKeyLine(text ?? ''), text).toBeUndefined()
  })

  test('a certificate without principals is never made: OpenSSH would take it for one of all', async () => {
    await expect(certificateFile('none', signerOf(authorities.Ed25519()), { principals: [] })).rejects.toThrow(
      RangeError,
    )
  })
})

describe('private keys', () => {
  test('ssh-keygen reads what is handed over, and what it writes is read', async () => {
    const key = authorities.Ed25519()
    const ours = join(dir, 'handed-over')
    await writeFile(ours, formatOpensshPrivateKey(key, 'mf_test'), { mode: 0o600 })
    const { stdout } = await run(keygen, ['-y', '-f', ours])
    expect(stdout.trim()).toBe(formatPublicKeyLine(signerOf(key).publicKey, 'mf_test'))

    const theirs = join(dir, 'theirs')
    await run(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', theirs])
    const read = parseOpensshPrivateKey(await readFile(theirs, 'utf8'))
    if (read === undefined) throw new Error('not read')
    expect(formatPublicKeyLine(signerOf(read).publicKey)).toBe((await readFile(`${theirs}.pub`, 'utf8')).trim())

    await run(keygen, ['-q', '-t', 'ed25519', '-N', 'a passphrase', '-f', join(dir, 'locked')])
    expect(parseOpensshPrivateKey(await readFile(join(dir, 'locked'), 'utf8'))).toBeUndefined()
  })
})

describe('revocation lists', () => {
  async function judge(
    serials: readonly bigint[],
    asked: readonly bigint[],
    authority = signerOf(authorities.Ed25519()),
  ) {
    const file = join(dir, `krl-${newId()}`)
    await writeFile(
      file,
      encodeKrl({ number: 7, generatedAt: new Date(), authorities: [authority.publicKey], serials }),
    )
    const verdicts: boolean[] = []
    for (const serial of asked) {
      const certificate = await certificateFile(`asked-${serial}`, authority, { serial })
      verdicts.push(
        await run(keygen, ['-Q', '-f', file, certificate]).then(
          () => false,
          ({ stdout }: { stdout: string }) => stdout.includes('REVOKED'),
        ),
      )
    }
    return { file, verdicts }
  }

  test('it names exactly the serials that it was given, and of that authority alone', async () => {
    const ids = Array.from({ length: 50 }, () => serialOf(newId()))
    const [first = 0n, last = 0n] = [ids[0], ids.at(-1)]
    const { verdicts } = await judge(ids, [first, last, first + 1n, 1n])
    expect(verdicts).toEqual([true, true, false, false])
  })

  test('an empty one is a list: nobody is refused, and it can be read', async () => {
    const { file, verdicts } = await judge([], [5n])
    expect(verdicts).toEqual([false])
    await expect(run(keygen, ['-Q', '-l', '-f', file])).resolves.toMatchObject({ stderr: '' })
  })

  test('dense serials over more than 16,384, which ssh-keygen 9.2 itself writes so that nobody can read them, are read', async () => {
    const dense = Array.from({ length: 20_000 }, (_, at) => BigInt(1 + at * 2))
    const { verdicts } = await judge(dense, [1n, 2n, 39_999n, 40_000n])
    expect(verdicts).toEqual([true, false, true, false])
  })

  test('serials grow with time, are never 0 and stay within 64 bits', () => {
    const [early, late] = [serialOf(newId(Date.UTC(2026, 0, 1))), serialOf(newId(Date.UTC(2080, 0, 1)))]
    expect(early).toBeGreaterThan(0n)
    expect(late).toBeGreaterThan(early)
    expect(late).toBeLessThan(1n << 64n)
  })
})
