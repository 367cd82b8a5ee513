/** Server-sent events (WHATWG HTML, section 9.2) of an answer; comments and unknown fields are passed over. */
export interface ServerSentEvent {
  readonly event: string
  readonly id: string | undefined
  /** JSON, parsed. */
  readonly data: unknown
}

const maxEventChars = 1_000_000

/** @throws Error an event is larger than a megabyte, or its data is not JSON */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parseEvent(text.slice(0, end))
      text = text.slice(end + 2)
      if (event !== undefined) yield event
    }
    if (text.length > maxEventChars) throw new Error('an event is larger than a megabyte')
  }
}

function parseEvent(block: string): ServerSentEvent | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^([^:]+):? ?(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    fields.set(name, name === 'data' && fields.has('data') ? `${fields.get('data')}\n${value}` : value)
  }
  const data = fields.get('data')
  if (data === undefined) return undefined
  return { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) as unknown }
}
