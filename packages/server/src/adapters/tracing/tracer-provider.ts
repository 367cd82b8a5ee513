/**
 * The little of an OpenTelemetry SDK that this server needs: spans with a parent, kept across awaits, and W3C trace
 * context from callers. An operator who wants more registers an SDK of their own (`node --import`), which then is used.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import {
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TextMapPropagator,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import type { SpanExporter } from './otlp-exporter.ts'

/** @returns false where another SDK is registered already */
export function registerTracing(exporter: SpanExporter): boolean {
  const tracer = makeTracer(exporter)
  if (!trace.setGlobalTracerProvider({ getTracer: () => tracer })) return false
  context.setGlobalContextManager(contextManager())
  propagation.setGlobalPropagator(traceContext)
  return true
}

export function unregisterTracing(): void {
  trace.disable()
  context.disable()
  propagation.disable()
}

function makeTracer(exporter: SpanExporter): Tracer {
  function startSpan(name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span {
    const parent = options.root === true ? undefined : trace.getSpanContext(parentContext)
    const spanContext: SpanContext = {
      traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      traceFlags: TraceFlags.SAMPLED,
    }
    return recordingSpan(exporter, { name, options, spanContext, parentSpanId: parent?.spanId })
  }
  return {
    startSpan,
    startActiveSpan(name: string, ...rest: unknown[]) {
      const work = rest.at(-1) as (span: Span) => unknown
      const options = rest.length > 1 ? (rest[0] as SpanOptions) : {}
      const parent = rest.length > 2 ? (rest[1] as Context) : context.active()
      const span = startSpan(name, options, parent)
      return context.with(trace.setSpan(parent, span), work, undefined, span) as never
    },
  }
}

interface Started {
  readonly name: string
  readonly options: SpanOptions
  readonly spanContext: SpanContext
  readonly parentSpanId: string | undefined
}

function recordingSpan(exporter: SpanExporter, { name, options, spanContext, parentSpanId }: Started): Span {
  const startMs = performance.timeOrigin + performance.now()
  const attributes: Record<string, unknown> = { ...options.attributes }
  let shownName = name
  let statusCode = SpanStatusCode.UNSET
  let recording = true
  const span: Span = {
    spanContext: () => spanContext,
    isRecording: () => recording,
    setAttribute(key, value) {
      attributes[key] = value
      return span
    },
    setAttributes(more) {
      Object.assign(attributes, more)
      return span
    },
    setStatus({ code }) {
      statusCode = code
      return span
    },
    updateName(next) {
      shownName = next
      return span
    },
    // Events and exceptions carry messages, which may name people, hosts or values: they stay in the log.
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    recordException: () => undefined,
    end() {
      if (!recording) return
      recording = false
      exporter.add({
        traceId: spanContext.traceId,
        spanId: spanContext.spanId,
        ...(parentSpanId !== undefined && { parentSpanId }),
        name: shownName,
        // The wire counts from 1 (opentelemetry-proto, trace.proto), the API from 0.
        kind: (options.kind ?? SpanKind.INTERNAL) + 1,
        startMs,
        endMs: performance.timeOrigin + performance.now(),
        attributes,
        statusCode,
      })
    },
  }
  return span
}

function contextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}

const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/** W3C Trace Context, `traceparent` only. */
const traceContext: TextMapPropagator = {
  fields: () => ['traceparent'],
  inject(active, carrier, setter) {
    const span = trace.getSpanContext(active)
    if (span !== undefined) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-01`)
  },
  extract(active, carrier, getter) {
    const header = getter.get(carrier, 'traceparent')
    const [, traceId, spanId] = traceparent.exec(typeof header === 'string' ? header : '') ?? []
    if (traceId === undefined || spanId === undefined) return active
    return trace.setSpanContext(active, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true })
  },
}
