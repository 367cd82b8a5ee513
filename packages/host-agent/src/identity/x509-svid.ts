/** An X.509-SVID with its key, which is made here and leaves for nobody but the workload. */
import { createPublicKey, generateKeyPair, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { type Authority, AuthorityError } from '../authority/authority.ts'
import { halfLifeMs, type Timing } from '../timing.ts'

export interface X509Svid {
  /** DER, leaf first. */
  readonly certificates: readonly Buffer[]
  /** PKCS#8, DER. */
  readonly privateKey: Buffer
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Half of its life, give or take. */
  readonly renewAtMs: number
}

const makeKeyPair = promisify(generateKeyPair)

/**
 * @returns `ended` where the attestation stands no more
 * @throws AuthorityError also where the certificate is not one for this key and identity
 */
export async function requestX509Svid(
  deps: { readonly authority: Pick<Authority, 'issueX509Svid'>; readonly timing: Timing },
  { attestationId, spiffeId }: { readonly attestationId: string; readonly spiffeId: string },
  signal: AbortSignal,
): Promise<X509Svid | 'ended'> {
  const { publicKey, privateKey } = await makeKeyPair('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  const issued = await deps.authority.issueX509Svid({ attestationId, publicKey }, signal)
  if (issued === 'ended') return 'ended'
  checkLeaf(issued.certificates[0], publicKey, spiffeId)
  const renewAtMs = halfLifeMs(deps.timing, issued.notBeforeMs, issued.notAfterMs)
  return { ...issued, privateKey, renewAtMs }
}

function checkLeaf(der: Buffer | undefined, publicKey: Buffer, spiffeId: string): void {
  let names: readonly string[] = []
  let isOurKey = false
  try {
    const leaf = new X509Certificate(der ?? Buffer.alloc(0))
    names = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'))
    isOurKey = createPublicKey(leaf.publicKey.export({ type: 'spki', format: 'pem' }))
      .export({ type: 'spki', format: 'der' })
      .equals(publicKey)
  } catch (cause) {
    throw new AuthorityError('answer_unusable', 'the server issued something that is no certificate', cause)
  }
  if (!isOurKey || names.length !== 1 || names[0] !== `URI:${spiffeId}`) {
    throw new AuthorityError('answer_unusable', 'the server issued a certificate for another key or identity')
  }
}
