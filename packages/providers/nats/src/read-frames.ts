/**
 * What a nats-server sends, taken apart. Source: the NATS client protocol (docs.nats.io/reference/reference-protocols).
 *
 * Pure but for what it holds back until the rest has come.
 */

export type Frame =
  | { readonly kind: 'info' | 'err'; readonly text: string }
  | { readonly kind: 'ping' | 'pong' | 'ok' }
  /** `status` where there are headers with one: 503 is that nobody listens. */
  | { readonly kind: 'message'; readonly subject: string; readonly body: string; readonly status?: string }

const maxLineBytes = 1 << 20
const maxMessageBytes = 256 << 20

/** @returns a function that takes what has come and gives the frames that are whole; it throws on what is no frame */
export function makeFrameReader(): (chunk: Buffer) => readonly Frame[] {
  let chunks: Buffer[] = []
  let size = 0
  /** With fewer bytes nothing more can be read: what is long is put together once. */
  let needed = 1

  return (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    if (size < needed) return []
    const data = chunks.length === 1 ? chunk : Buffer.concat(chunks, size)
    const frames: Frame[] = []
    let at = 0
    for (;;) {
      const next = readFrame(data, at)
      if (typeof next === 'number') {
        needed = next
        break
      }
      frames.push(next.frame)
      at = next.end
    }
    chunks = at === data.length ? [] : [data.subarray(at)]
    size = data.length - at
    return frames
  }
}

/** @returns how many bytes it takes from `at` on before there can be a frame, where it is not whole yet */
function readFrame(data: Buffer, at: number): { readonly frame: Frame; readonly end: number } | number {
  const lineEnd = data.indexOf('\r\n', at)
  if (lineEnd < 0) {
    if (data.length - at > maxLineBytes) throw new Error('a line without an end')
    return data.length - at + 1
  }
  const line = data.toString('utf8', at, lineEnd)
  const end = lineEnd + 2
  const [, word = '', rest = ''] = /^([A-Za-z+-]+)[ \t]*(.*)$/s.exec(line) ?? []
  switch (word.toUpperCase()) {
    case 'INFO':
      return { frame: { kind: 'info', text: rest }, end }
    case '-ERR':
      return { frame: { kind: 'err', text: rest.replace(/^'|'$/g, '') }, end }
    case 'PING':
      return { frame: { kind: 'ping' }, end }
    case 'PONG':
      return { frame: { kind: 'pong' }, end }
    case '+OK':
      return { frame: { kind: 'ok' }, end }
    case 'MSG':
    case 'HMSG':
      return readMessage(data, at, end, rest.trim().split(/[ \t]+/), word.toUpperCase() === 'HMSG')
    default:
      throw new Error('not a line of the NATS protocol')
  }
}

/** `MSG subject sid [reply] bytes`, `HMSG subject sid [reply] header-bytes bytes`. */
function readMessage(data: Buffer, from: number, bodyAt: number, words: readonly string[], hasHeaders: boolean) {
  const [subject = ''] = words
  const totalBytes = countOf(words.at(-1))
  const headerBytes = hasHeaders ? countOf(words.at(-2)) : 0
  if (headerBytes > totalBytes) throw new Error('headers longer than their message')
  const end = bodyAt + totalBytes + 2
  if (end > data.length) return end - from
  const status = /^NATS\/1\.0 ([0-9]{3})/.exec(data.toString('latin1', bodyAt, bodyAt + headerBytes))?.[1]
  const body = data.toString('utf8', bodyAt + headerBytes, bodyAt + totalBytes)
  const frame = { kind: 'message', subject, body, ...(status === undefined ? {} : { status }) } as const
  return { frame, end }
}

function countOf(word: string | undefined): number {
  const count = /^[0-9]{1,10}$/.test(word ?? '') ? Number(word) : Number.NaN
  if (count <= maxMessageBytes) return count
  throw new Error('a message without its length')
}
