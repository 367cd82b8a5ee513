/** Offline bundles on this machine: read, checked and written without asking anyone. */
import { constants, createPublicKey, type JsonWebKey, type KeyObject, randomBytes, verify } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { inflateSync } from 'node:zlib'
import {
  type BundleCrypto,
  maxBundleSizeBytes,
  MayflyError,
  openOfflineBundle,
  type OpenedBundle,
  parseVerifierKey,
  type TokenCrypto,
  type VerifierKey,
} from '@mayfly/domain'
import { sha256, verifyEd25519 } from './audit-log.ts'
import { UsageError } from './usage-error.ts'

export const bundleCrypto: BundleCrypto = { sha256, verifyEd25519 }

interface AlgorithmRule {
  readonly kty: string
  readonly crv?: string
  readonly hash: string | null
  readonly pss?: true
}

// Only asymmetric ones, each tied to the type of its key (RFC 8725 sections 2.1 and 3.1).
const algorithms: Readonly<Record<string, AlgorithmRule>> = {
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', hash: null },
  RS256: { kty: 'RSA', hash: 'sha256' },
  PS256: { kty: 'RSA', hash: 'sha256', pss: true },
}

export const tokenCrypto: TokenCrypto = {
  verifySignature(alg, jwk, signed, signature) {
    const rule = Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
    if (rule === undefined || jwk['kty'] !== rule.kty || (rule.crv !== undefined && jwk['crv'] !== rule.crv))
      return false
    if (jwk['alg'] !== undefined && jwk['alg'] !== alg) return false
    const key = readKey(jwk)
    if (key === undefined) return false
    return verify(
      rule.hash,
      signed,
      {
        key,
        ...(rule.kty === 'EC' && { dsaEncoding: 'ieee-p1363' as const }),
        ...(rule.pss && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
      },
      signature,
    )
  },
  inflate: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }),
}

/** A key that cannot be used has signed nothing. */
function readKey(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** @throws UsageError it cannot be read, or is too large to be a bundle */
export async function readBundleFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > maxBundleSizeBytes) {
      throw new UsageError(`\`${path}\` is larger than ${maxBundleSizeBytes} bytes: it is no offline bundle`)
    }
    return await readFile(path)
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      `the offline bundle \`${path}\` cannot be read: ${code === 'ENOENT' ? 'there is no such file' : (code ?? error.message)}`,
    )
  }
}

/** @throws UsageError a key is none; MayflyError `bundle_…` as `openOfflineBundle` */
export async function openBundleFile(path: string, vkeys: readonly string[]): Promise<OpenedBundle> {
  const keys = vkeys.map(parseKey)
  return openOfflineBundle(bundleCrypto, await readBundleFile(path), keys)
}

function parseKey(vkey: string): VerifierKey {
  try {
    return parseVerifierKey(sha256, vkey)
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error
    throw new UsageError(`\`${vkey}\` is no verifier key`, 'give it as `mayfly bundle key` prints it at the other site')
  }
}

/** The file appears whole or not at all, and is on the disk when this returns: the stick may be pulled then. */
export async function writeBundleFile(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    const file = await open(part, 'wx', 0o644)
    try {
      // Nothing in it is secret, and whoever carries it may be somebody else.
      await file.chmod(0o644)
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw new UsageError(`\`${path}\` cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
}
