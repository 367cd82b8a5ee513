/**
 * The limit of Redis: its protocol (RESP 2) over one bare socket, with as many commands on their way as are wanted, and
 * nothing else: no guard against a late create, no look for who is there, no topology.
 */
import { connect } from 'node:net'
import { createHash, randomBytes } from 'node:crypto'

export interface RawRedis {
  /** Sends one command. @returns its reply, as the first line of it. @throws Error an error reply */
  send(command: readonly string[]): Promise<string>
  /** False once the server has ended it. */
  isAlive(): Promise<boolean>
  close(): void
}

export async function openRawRedis(
  { host, port }: { readonly host: string; readonly port: number },
  username: string,
  password: string,
): Promise<RawRedis> {
  const socket = connect({ host, port, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })
  let ended = false
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  let rest = ''
  // Every reply that is asked for here is one line.
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const one = waiting.shift()
      if (line.startsWith('-')) one?.reject(new Error(line))
      else one?.resolve(line)
    }
  })
  const end = () => {
    ended = true
    for (const one of waiting.splice(0)) one.reject(new Error('closed'))
  }
  socket.on('error', end).on('close', end)
  const send = (command: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject })
      socket.write(encode(command))
    })
  await send(['AUTH', username, password])
  return {
    send,
    isAlive: async () => !ended && (await send(['PING']).then(Boolean, () => false)),
    close: () => socket.destroy(),
  }
}

function encode(command: readonly string[]): string {
  let text = `*${command.length}\r\n`
  for (const word of command) text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`
  return text
}

/** Users a second: a random password and its hash, as whoever makes a user has to; then ACL SETUSER with the same rule. */
export async function measureRawIssue(
  raw: RawRedis,
  names: readonly string[],
  rule: readonly string[],
  inFlight: number,
): Promise<number> {
  const left = names.values()
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const name of left) {
        const password = randomBytes(32).toString('base64url')
        const hash = createHash('sha256').update(password).digest('hex')
        await raw.send(['ACL', 'SETUSER', name, 'reset', 'on', `#${hash}`, ...rule])
      }
    }),
  )
  return (names.length * 1_000) / (performance.now() - startMs)
}

export interface RevokeTimes {
  /** Until no login and no session is left. */
  readonly cutMs: number
  /** Until all are seen absent. */
  readonly absentMs: number
}

/** One ACL DELUSER with all names, which ends their connections too; then once more, to see that none was left. */
export async function measureRawRevoke(raw: RawRedis, names: readonly string[]): Promise<RevokeTimes> {
  const startMs = performance.now()
  await raw.send(['ACL', 'DELUSER', ...names])
  const cutMs = performance.now() - startMs
  const left = await raw.send(['ACL', 'DELUSER', ...names])
  if (left !== ':0') throw new Error('a user is left')
  return { cutMs, absentMs: performance.now() - startMs }
}
