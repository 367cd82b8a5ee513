/**
 * A login by hand that stops in the middle: the server has looked the account up, and waits for the proof of the password.
 * MySQL client/server protocol, HandshakeResponse41 and AuthSwitchRequest: a client that begins with another method is
 * asked to switch, and its account is known by then.
 */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface StalledLogin {
  /** Sends the proof. @returns what the server says: `in`, or why not */
  finish(): Promise<'in' | 'refused' | 'ended'>
  /** Uses the session. @returns false where the server has ended it, or answers with an error */
  query(sql: string): Promise<boolean>
  close(): void
}

const protocol41 = 0x200
const secureConnection = 0x8000
const pluginAuth = 0x80000
const longPassword = 0x1

export async function stallLogin(
  place: { readonly host: string; readonly port: number },
  login: { readonly username: string; readonly password: string },
): Promise<StalledLogin> {
  const socket = connect(place.port, place.host)
  const next = packetsOf(socket)
  await next()
  const head = Buffer.alloc(32)
  head.writeUInt32LE(longPassword | protocol41 | secureConnection | pluginAuth, 0)
  head.writeUInt32LE(1 << 24, 4)
  head[8] = 45
  send(
    socket,
    1,
    Buffer.concat([head, Buffer.from(`${login.username}\0`), Buffer.from([0]), Buffer.from('another_method\0')]),
  )
  const asked = await next()
  if (asked?.[0] !== 0xfe) throw new Error(`the server did not ask for another method: ${asked?.toString('latin1')}`)
  const scramble = asked.subarray(asked.indexOf(0, 1) + 1).subarray(0, 20)
  return {
    async finish() {
      send(socket, 3, proof(login.password, scramble))
      const answer = await next()
      return answer === undefined ? 'ended' : answer[0] === 0 ? 'in' : 'refused'
    },
    async query(sql) {
      send(socket, 0, Buffer.concat([Buffer.from([3]), Buffer.from(sql)]))
      const answer = await next()
      return answer !== undefined && answer[0] !== 0xff
    },
    close: () => socket.destroy(),
  }
}

/** mysql_native_password: SHA1(password) XOR SHA1(scramble, SHA1(SHA1(password))). */
function proof(password: string, scramble: Buffer): Buffer {
  const sha1 = (...parts: Buffer[]) => createHash('sha1').update(Buffer.concat(parts)).digest()
  const once = sha1(Buffer.from(password))
  const mask = sha1(scramble, sha1(once))
  return Buffer.from(once.map((byte, at) => byte ^ (mask[at] ?? 0)))
}

function send(socket: Socket, sequence: number, body: Buffer): void {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = sequence
  socket.write(Buffer.concat([head, body]))
}

/** @returns a function that waits for the next packet's body; undefined once the server has closed */
function packetsOf(socket: Socket): () => Promise<Buffer | undefined> {
  const ready: Buffer[] = []
  const waiting: ((body: Buffer | undefined) => void)[] = []
  let [bytes, ended] = [Buffer.alloc(0), false]
  socket.on('error', () => undefined)
  socket.on('close', () => {
    ended = true
    for (const resolve of waiting.splice(0)) resolve(undefined)
  })
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUIntLE(0, 3)) {
      const size = bytes.readUIntLE(0, 3)
      const body = bytes.subarray(4, 4 + size)
      bytes = bytes.subarray(4 + size)
      const resolve = waiting.shift()
      if (resolve) resolve(body)
      else ready.push(body)
    }
  })
  return async () => {
    const body = ready.shift()
    if (body !== undefined || ended) return body
    return new Promise((resolve) => {
      waiting.push(resolve)
    })
  }
}
