/**
 * An agent with one key, for one `ssh` that this process starts (draft-ietf-sshm-ssh-agent): so the key of Mayfly's own
 * login is never in a file.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SshPublicKey } from './ssh-public-key.ts'
import type { SshSigner } from './ssh-signer.ts'
import { sshReader, sshString, u32 } from './ssh-wire.ts'

export interface RunningAgent {
  /** A folder that only this user can enter; for other files of the same `ssh` too. */
  readonly dir: string
  readonly socketPath: string
  stop(): Promise<void>
}

const message = { failure: 5, listIdentities: 11, identities: 12, sign: 13, signature: 14 } as const
/** Longer than anything that is asked for a login. */
const maxMessageBytes = 65_536

export async function startSshAgent(certificate: SshPublicKey, signer: SshSigner): Promise<RunningAgent> {
  const dir = await mkdtemp(join(tmpdir(), 'mayfly-ssh-'))
  const socketPath = join(dir, 'agent')
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    // Whoever breaks off has no answer to be told.
    socket.on('error', () => socket.destroy())
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4) {
        const length = pending.readUInt32BE(0)
        if (length > maxMessageBytes) return void socket.destroy()
        if (pending.length < 4 + length) return
        socket.write(sshString(answer(pending.subarray(4, 4 + length))))
        pending = pending.subarray(4 + length)
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  }).catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true })
    throw error
  })

  function answer(request: Buffer): Uint8Array {
    if (request[0] === message.listIdentities) {
      return Buffer.concat([Buffer.of(message.identities), u32(1), sshString(certificate.blob), sshString('mayfly')])
    }
    const reader = sshReader(request.subarray(1))
    const [key, data] = request[0] === message.sign ? [reader.string(), reader.string()] : []
    if (key === undefined || data === undefined || !key.equals(certificate.blob)) return Buffer.of(message.failure)
    return Buffer.concat([Buffer.of(message.signature), sshString(signer.sign(data))])
  }

  /** Idempotent. */
  async function stop(): Promise<void> {
    for (const socket of open) socket.destroy()
    await new Promise<void>((resolve) => void server.close(() => resolve()))
    await rm(dir, { recursive: true, force: true })
  }
  return { dir, socketPath, stop }
}
