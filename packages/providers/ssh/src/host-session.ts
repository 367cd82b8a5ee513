/**
 * The session at one host: made when it is first needed and again after it was lost; one request after the other.
 *
 * `host/mayfly-ssh` is what answers. It takes lines and answers in lines, the last of which begins with `done`, `older` or
 * `error`.
 */
import { abortable, MayflyError, withDeadline } from '@mayfly/domain'
import { ownLogin, type SshProcess, startSsh } from './start-ssh.ts'
import type { SshHost, SshSettings } from './ssh-settings.ts'
import type { SshSigner } from './ssh-signer.ts'

export interface HostSession {
  /** `address:port`: by what it is told apart. */
  readonly name: string
  readonly host: SshHost
  /**
   * @param payload what follows the line, as it is
   * @returns the lines of the answer; the last one is its outcome
   * @throws MayflyError `target_*`; `target_refused` with the host's own words where it answers `error`
   */
  ask(line: string, payload: Uint8Array | undefined, signal: AbortSignal): Promise<readonly string[]>
  /** Of the connection that is open: 0 before the first, then one more for each. */
  readonly connections: number
  close(): Promise<void>
}

interface Line {
  readonly child: SshProcess
  ask(bytes: readonly (string | Uint8Array)[]): Promise<readonly string[]>
  end(): void
}

/** With the release of what is spoken. */
const greeting = /^mayfly-ssh ([0-9]+) /
const release = '2'
/** More would be no answer to anything that is asked here. */
const maxAnswerChars = 64 << 20

export function openHostSession(
  host: SshHost,
  settings: SshSettings,
  authorities: { readonly user: SshSigner; readonly host: SshSigner },
): HostSession {
  let closed = false
  let connections = 0
  let current: Promise<Line> | undefined
  let turn: Promise<unknown> = Promise.resolve()

  function line(): Promise<Line> {
    if (closed) return Promise.reject(new MayflyError('target_unreachable', { log: 'ssh: the target is closed' }))
    current ??= dial()
    return current
  }

  function dial(): Promise<Line> {
    const forget = () => {
      if (current === dialled) current = undefined
    }
    const dialled = openLine(
      { host, settings, hostAuthority: authorities.host, login: ownLogin(authorities.user) },
      settings.connect_timeout_ms,
      forget,
    ).then((opened) => {
      connections += 1
      return opened
    })
    dialled.catch(forget)
    return dialled
  }

  async function askNow(
    text: string,
    payload: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    if (signal.aborted) throw aborted()
    const opened = await line()
    try {
      return await withDeadline([signal], settings.request_timeout_ms, (within) =>
        abortable(opened.ask([`${text}\n`, ...(payload === undefined ? [] : [payload])]), within),
      )
    } catch (error) {
      // Half of an answer would be taken for the next one.
      opened.end()
      if (error instanceof MayflyError) throw error
      if (signal.aborted) throw aborted()
      throw new MayflyError('target_timeout', {
        log: `ssh: ${text.split(' ')[0]}: no answer`,
        publicDetail: 'the host answers too late',
      })
    }
  }

  return {
    name: `${host.address}:${host.port}`,
    host,
    get connections() {
      return connections
    },
    async ask(text, payload, signal) {
      const mine = turn.then(() => askNow(text, payload, signal))
      turn = mine.catch(() => undefined)
      const answer = await abortable(mine, signal).catch((error: unknown) => {
        throw error instanceof MayflyError ? error : aborted()
      })
      const outcome = answer.at(-1) ?? ''
      if (!outcome.startsWith('error')) return answer
      throw new MayflyError('target_refused', {
        log: `ssh: ${text.split(' ')[0]}: ${outcome}`,
        publicDetail: `the host says: ${outcome.slice(6, 200)}`,
      })
    },
    async close() {
      closed = true
      const opened = await current?.catch(() => undefined)
      opened?.end()
    },
  }
}

function aborted(): MayflyError {
  return new MayflyError('target_timeout', { log: 'ssh: aborted by the caller' })
}

async function openLine(call: Parameters<typeof startSsh>[0], timeoutMs: number, ended: () => void): Promise<Line> {
  let lines: string[] = []
  let rest = ''
  let size = 0
  let waiting: { resolve(lines: readonly string[]): void; reject(error: MayflyError): void } | undefined
  let isEnd: (line: string) => boolean = (line) => greeting.test(line)
  let dead: MayflyError | undefined

  const child = await startSsh(call, (why) => {
    dead = why
    ended()
    waiting?.reject(why)
    waiting = undefined
  })
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    size += chunk.length
    if (size > maxAnswerChars) return void child.kill('SIGKILL')
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      if (!isEnd(line)) continue
      waiting?.resolve(lines)
      waiting = undefined
      lines = []
      size = 0
    }
  })
  const nextAnswer = () =>
    new Promise<readonly string[]>((resolve, reject) => {
      if (dead !== undefined) reject(dead)
      else waiting = { resolve, reject }
    })
  const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  try {
    const [, spoken] = greeting.exec((await nextAnswer()).at(-1) ?? '') ?? []
    if (spoken !== release) {
      child.kill('SIGKILL')
      throw new MayflyError('target_refused', {
        log: `ssh: mayfly-ssh speaks release ${spoken}, not ${release}`,
        publicDetail: 'the host has another release of `mayfly-ssh`',
        hint: 'run there what `mayfly resource guide ssh` prints',
      })
    }
  } finally {
    clearTimeout(late)
  }
  isEnd = (line) => /^(?:done|older|error)(?: |$)/.test(line)
  return {
    child,
    ask(bytes) {
      const answer = nextAnswer()
      for (const one of bytes) child.stdin.write(one)
      return answer
    },
    end: () => void child.kill('SIGKILL'),
  }
}
