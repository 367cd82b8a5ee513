/** OpenSSL as a judge that is not ours: of certificates, paths and CRLs. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { encodePem } from '@mayfly/domain'
import { makeTempDir } from '../../support/index.ts'

const run = promisify(execFile)

export interface Verdict {
  readonly ok: boolean
  /** What it said, both streams. */
  readonly text: string
}

export async function openssl(args: readonly string[]): Promise<Verdict> {
  try {
    const { stdout, stderr } = await run('openssl', [...args])
    return { ok: true, text: stdout + stderr }
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return { ok: false, text: stdout + stderr }
  }
}

/** DER, base64, as the API gives it. */
export interface PathToVerify {
  readonly leaf: string
  readonly untrusted?: readonly string[]
  readonly roots: readonly string[]
  readonly crl?: Uint8Array
}

/** `openssl verify -x509_strict` with nothing trusted but the roots. */
export async function verifyWithOpenssl(path: PathToVerify, more: readonly string[] = []): Promise<Verdict> {
  const dir = await makeTempDir('openssl')
  const write = async (name: string, label: string, ders: readonly (string | Uint8Array)[]): Promise<string> => {
    const file = join(dir, name)
    const pems = ders.map((der) => encodePem(label, typeof der === 'string' ? Buffer.from(der, 'base64') : der))
    await writeFile(file, pems.join(''))
    return file
  }
  const roots = await write('roots.pem', 'CERTIFICATE', path.roots)
  const leaf = await write('leaf.pem', 'CERTIFICATE', [path.leaf])
  const untrusted = path.untrusted ?? []
  return openssl([
    'verify',
    '-x509_strict',
    '-check_ss_sig',
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    roots,
    ...(untrusted.length === 0 ? [] : ['-untrusted', await write('untrusted.pem', 'CERTIFICATE', untrusted)]),
    ...(path.crl === undefined ? [] : ['-crl_check', '-CRLfile', await write('crl.pem', 'X509 CRL', [path.crl])]),
    ...more,
    leaf,
  ])
}

/** A request (PKCS #10) with a key of its own, and what it was asked to say. */
export async function makeRequest(
  subject: string,
  names: readonly string[] = [],
): Promise<{ readonly pem: string; readonly der: Buffer; readonly spki: Buffer }> {
  const dir = await makeTempDir('openssl')
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = join(dir, 'key.pem')
  await writeFile(key, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const asked = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`]
  const made = await openssl(['req', '-new', '-key', key, '-subj', subject, ...asked])
  if (!made.ok) throw new Error(made.text)
  const pem = made.text.slice(made.text.indexOf('-----BEGIN'))
  const body = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  return { pem, der: Buffer.from(body, 'base64'), spki: publicKey.export({ format: 'der', type: 'spki' }) }
}

/** What OpenSSL reads in a CRL; serial numbers in upper case. */
export async function readCrlText(der: Uint8Array): Promise<string> {
  const file = join(await makeTempDir('openssl'), 'list.crl')
  await writeFile(file, der)
  const read = await openssl(['crl', '-inform', 'DER', '-in', file, '-noout', '-text'])
  if (!read.ok) throw new Error(read.text)
  return read.text
}
