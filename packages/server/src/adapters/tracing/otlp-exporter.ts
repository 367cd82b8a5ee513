/**
 * Sends finished spans to an OpenTelemetry collector: OTLP over HTTP with JSON (opentelemetry-proto, "OTLP/HTTP").
 *
 * Limit: what cannot be sent is dropped after one try. Traces help to understand; they never hold up work, and nothing
 * is kept for them.
 */
import type { Logger } from '../../application/context.ts'

export interface FinishedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number
}

export interface SpanExporter {
  add(span: FinishedSpan): void
  /** Sends what is left. */
  close(): Promise<void>
}

const maxWaiting = 2_000
const sendEveryMs = 2_000
const timeoutMs = 5_000

export function openOtlpExporter(endpoint: string, logger: Logger): SpanExporter {
  const url = new URL('/v1/traces', endpoint)
  let waiting: FinishedSpan[] = []
  let sending = Promise.resolve()

  async function send(spans: readonly FinishedSpan[]): Promise<void> {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(envelope(spans)),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      await answer.body?.cancel()
      if (!answer.ok) logger.warn({ status: answer.status, spans: spans.length }, 'the collector did not take spans')
    } catch (error) {
      logger.warn({ err: error, spans: spans.length }, 'spans could not be sent')
    }
  }

  function flush(): Promise<void> {
    const spans = waiting
    waiting = []
    if (spans.length > 0) sending = sending.then(() => send(spans))
    return sending
  }

  const timer = setInterval(() => void flush(), sendEveryMs)
  timer.unref()
  return {
    add(span) {
      if (waiting.length < maxWaiting) waiting.push(span)
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

function envelope(spans: readonly FinishedSpan[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'mayfly' }) },
        scopeSpans: [{ scope: { name: 'mayfly' }, spans: spans.map(spanJson) }],
      },
    ],
  }
}

function spanJson(span: FinishedSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: attributesOf(span.attributes),
    status: { code: span.statusCode },
  }
}

/** A 64-bit integer stands in a string: a double would lose its last digits. */
function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}${String(Math.floor((ms % 1) * 1e6)).padStart(6, '0')}`
}

function attributesOf(attributes: Readonly<Record<string, unknown>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { doubleValue: value } : { stringValue: String(value) },
  }))
}
