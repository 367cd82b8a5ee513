/**
 * By which authorities a server is believed, beside the public ones: the trust bundle of its trust domain (SPIFFE, JSON) or
 * certificates (PEM), given with `--trust-bundle` or remembered from the login.
 *
 * Limit: it is the process's own list, so that it holds for every request of the command. Public authorities are still
 * believed: the platform's own token endpoints are reached by them.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as tls from 'node:tls'
import { encodePem, isX509Fault, parsePemOf } from '@mayfly/domain'
import type { Cli, Environment, GlobalOptions } from './cli.ts'
import { findUrl } from './connect.ts'
import { findTrustBundle } from './profile.ts'
import { UsageError } from './usage-error.ts'

/** Call it before the first request. @throws UsageError the file cannot be read, or holds no authority */
export async function trustServer({ env, cwd, options }: Pick<Cli, 'env' | 'cwd' | 'options'>): Promise<void> {
  const text = await findTrust(env, cwd, options())
  if (text === undefined) return
  // Node 22.19 and newer.
  if (typeof tls.setDefaultCACertificates !== 'function') {
    throw new UsageError('this Node cannot be told of more authorities', 'give the PEM file as `NODE_EXTRA_CA_CERTS`')
  }
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...readAuthorities(text)])
}

async function findTrust(env: Environment, cwd: string, options: GlobalOptions): Promise<string | undefined> {
  const file = options.trustBundle ?? env['MAYFLY_TRUST_BUNDLE']
  if (file !== undefined) return readTrustFile(resolve(cwd, file))
  const url = await findUrl(env, options)
  return url.startsWith('https:') ? findTrustBundle(env, url) : undefined
}

/** @throws UsageError */
export async function readTrustFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the trust bundle \`${path}\` cannot be read: ${cause.code ?? cause.message}`)
  })
  readAuthorities(text)
  return text
}

/** PEM, each. @throws UsageError */
function readAuthorities(text: string): readonly string[] {
  const found = text.trimStart().startsWith('{') ? readBundle(text) : readPem(text)
  if (found.length === 0)
    throw new UsageError('the trust bundle holds no authority', 'give the file that the server wrote')
  return found
}

function readPem(text: string): readonly string[] {
  const read = parsePemOf('CERTIFICATE', text)
  if (isX509Fault(read)) throw new UsageError(`the trust bundle is neither JSON nor PEM: ${read.fault}`)
  return read.ders.map((der) => encodePem('CERTIFICATE', der))
}

function readBundle(text: string): readonly string[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new UsageError('the trust bundle is not JSON')
  }
  const keys = (document as { keys?: unknown }).keys
  if (!Array.isArray(keys)) throw new UsageError('the trust bundle has no `keys`')
  return keys.flatMap((key: { use?: unknown; x5c?: unknown }) => {
    const [certificate] = key.use === 'x509-svid' && Array.isArray(key.x5c) ? (key.x5c as unknown[]) : []
    return typeof certificate === 'string' ? [encodePem('CERTIFICATE', Buffer.from(certificate, 'base64'))] : []
  })
}
