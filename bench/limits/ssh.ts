/**
 * The limits of certificates of SSH. Issue: a fresh Ed25519 key, the bytes of a certificate with all but serial, key and
 * nonce made beforehand, and a signature. End: over a shell that is open at the host already, the list written beside,
 * renamed, the processes killed, and looked at until they are gone. Nothing is checked, and nobody who comes meanwhile seen.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'

/** @returns certificates a second */
export function measureRawCertificates(authority: KeyObject, count: number): number {
  const text = (value: string | Uint8Array) => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const before = text('ssh-ed25519-cert-v01@openssh.com')
  const times = Buffer.alloc(16)
  const after = Buffer.concat([
    Buffer.from('00000001', 'hex'),
    text('mf_01kb0000000000000000000000'),
    text(text('tester')),
    times,
    text(''),
    text(Buffer.concat([text('permit-port-forwarding'), text('')])),
    text(''),
    text(Buffer.concat([text('ssh-ed25519'), text(Buffer.alloc(32))])),
  ])
  const startMs = performance.now()
  let bytes = 0
  for (let made = 0; made < count; made += 1) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
      publicKeyEncoding: { format: 'der', type: 'spki' },
    })
    const serial = Buffer.alloc(8)
    serial.writeUInt32BE(made, 4)
    const body = Buffer.concat([before, text(randomBytes(32)), text(publicKey.subarray(-32)), serial, after])
    const certificate = Buffer.concat([
      body,
      text(Buffer.concat([text('ssh-ed25519'), text(sign(null, body, authority))])),
    ])
    bytes += certificate.toString('base64').length + privateKey.toString('base64').length
  }
  if (bytes === 0) throw new Error('nothing was made')
  return (count * 1_000) / (performance.now() - startMs)
}

/** What the shell at the host runs; it waits for the list, which is of so many bytes. */
export function rawEndScript(folder: string, listBytes: number, pids: readonly string[]): string {
  const all = pids.join(' ')
  return (
    `echo ready; head -c ${listBytes} >${folder}/raw && sync ${folder}/raw && mv ${folder}/raw ${folder}/krl && kill -9 ${all}; ` +
    `while kill -0 ${all} 2>/dev/null; do :; done; echo gone`
  )
}

/** @returns milliseconds until none of the processes is left */
export async function measureRawEnd(shell: ChildProcessWithoutNullStreams, list: Uint8Array): Promise<number> {
  const startMs = performance.now()
  const answer = once(shell.stdout, 'data')
  shell.stdin.write(list)
  await answer
  return performance.now() - startMs
}
