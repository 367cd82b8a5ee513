/** A key that a workload keeps and sends the public half of, for kinds that take it as PEM (`csr`, `spki`). */
import {
  type CertificationRequest,
  isX509Fault,
  MayflyError,
  parseCertificationRequest,
  parsePem,
  parsePublicKey,
  type PublicKeyInfo,
} from '@mayfly/domain'
import { isKeyAllowed, isSoundKey, verifyCertificationRequest } from './verify-signature.ts'

/** Which keys a workload may bring; RSA from 2048 bits on. */
export const pemKeyTypes = ['P-256', 'P-384', 'Ed25519', 'RSA'] as const
export type PemKeyType = (typeof pemKeyTypes)[number]

export interface PemHolderKey {
  readonly publicKey: PublicKeyInfo
  /** Where it came with names and a proof of possession. */
  readonly request: CertificationRequest | undefined
}

/**
 * PEM: `CERTIFICATE REQUEST`, whose signature shows that the workload has the key, or `PUBLIC KEY`, where only who has the
 * key can use what is issued for it anyway.
 *
 * @throws MayflyError `request_invalid` at `/public_key`
 */
export function readPemHolderKey(text: string, allowed: readonly PemKeyType[] = pemKeyTypes): PemHolderKey {
  const pem = parsePem(text, ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST', 'PUBLIC KEY'])
  if (isX509Fault(pem)) throw badHolderKey(pem.fault)
  const [block, ...more] = pem.blocks
  if (block === undefined || more.length > 0) throw badHolderKey('it is not one block of PEM')
  let request: CertificationRequest | undefined
  let publicKey: PublicKeyInfo
  if (block.label === 'PUBLIC KEY') {
    const read = parsePublicKey(block.der)
    if (isX509Fault(read)) throw badHolderKey(read.fault)
    publicKey = read
  } else {
    const read = parseCertificationRequest(block.der)
    if (isX509Fault(read)) throw badHolderKey(read.fault)
    if (verifyCertificationRequest(read) !== 'valid') throw badHolderKey('its signature is not one of its key')
    request = read
    publicKey = read.publicKey
  }
  requireUsableKey(publicKey, allowed)
  return { publicKey, request }
}

function requireUsableKey(publicKey: PublicKeyInfo, allowed: readonly PemKeyType[]): void {
  const { kind } = publicKey
  const type = kind.keyType === 'EC' ? kind.curve : kind.keyType
  if (!(allowed as readonly string[]).includes(type) || !isKeyAllowed(publicKey)) {
    throw badHolderKey(`a key of type ${type} is not permitted: ${allowed.join(', ')}`)
  }
  if (!isSoundKey(publicKey))
    throw badHolderKey('it is no key: its point is not on its curve, or its numbers make none')
}

/** @param fault what is wrong with what was sent, for whoever sent it */
export function badHolderKey(fault: string): MayflyError {
  return new MayflyError('request_invalid', {
    publicDetail: `the public key cannot be used: ${fault}`,
    hint: 'send a PEM `CERTIFICATE REQUEST` or `PUBLIC KEY`',
    fields: [{ pointer: '/public_key', detail: fault }],
  })
}
