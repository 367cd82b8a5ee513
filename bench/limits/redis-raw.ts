/**
 * The limit of Redis: its protocol (RESP 2) over one bare socket, with as many commands on their way as are wanted, and
 * nothing else: no look for who is there, no topology.
 */
import { connect } from 'node:net'
import { createHash, randomBytes } from 'node:crypto'

export interface RawRedis {
  /** Sends one command, whose reply has so many lines (1). @returns the first of them. @throws Error an error reply */
  send(command: readonly string[], lines?: number): Promise<string>
  /** False once the server has ended it. */
  isAlive(): Promise<boolean>
  /** Settles when it has ended, on either side. */
  readonly ended: Promise<void>
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
  const over = Promise.withResolvers<void>()
  let ended = false
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  let rest = ''
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
    over.resolve()
    for (const one of waiting.splice(0)) one.reject(new Error('closed'))
  }
  socket.on('error', end).on('close', end)
  const send = (command: readonly string[], lines = 1) =>
    new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject })
      for (let more = 1; more < lines; more += 1) waiting.push({ resolve: () => undefined, reject })
      socket.write(encode(command))
    })
  await send(['AUTH', username, password])
  return {
    send,
    ended: over.promise,
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

/**
 * The same under a guard against creates that come late, as the target's best way has it: a watched key with an end, and
 * one transaction for all that are asked for together; the next WATCH goes with it.
 */
export async function measureGuardedIssue(
  raw: RawRedis,
  names: readonly string[],
  rule: readonly string[],
  together: number,
): Promise<number> {
  const startMs = performance.now()
  const arm = () => Promise.all([raw.send(['WATCH', 'guard']), raw.send(['STRLEN', 'guard'])])
  // What was watched before would be seen to have changed.
  await raw.send(['UNWATCH'])
  await raw.send(['SET', 'guard', 'x', 'PXAT', String(Date.now() + 10_000)])
  await arm()
  for (let at = 0; at < names.length; at += together) {
    const batch = names.slice(at, at + together)
    const replies = [raw.send(['MULTI'])]
    for (const name of batch) {
      const password = randomBytes(32).toString('base64url')
      const hash = createHash('sha256').update(password).digest('hex')
      replies.push(raw.send(['ACL', 'SETUSER', name, 'reset', 'on', `#${hash}`, ...rule]))
    }
    // The answer to EXEC is a line of its own, and one for each command.
    replies.push(raw.send(['EXEC'], batch.length + 1))
    const next = arm()
    const done = (await Promise.all(replies)).at(-1)
    if (done !== `*${batch.length}`) throw new Error('the guard had ended')
    await next
  }
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

/** One login. False: refused, or ended by the server while it logged in; anything else that goes wrong is thrown. */
export async function logsInRaw(...login: Parameters<typeof openRawRedis>): Promise<boolean> {
  try {
    const session = await openRawRedis(...login)
    session.close()
    return true
  } catch (error) {
    if (error instanceof Error && /^-WRONGPASS|^closed$/.test(error.message)) return false
    throw error
  }
}
