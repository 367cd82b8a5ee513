import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Database } from '../store/database.ts'

/** The database with a span around each transaction, so that a trace shows where the time of a request went. */
export function tracedDatabase(database: Database): Database {
  return {
    ...database,
    transaction: (tenantId, work) =>
      trace.getTracer('mayfly').startActiveSpan('transaction', { kind: SpanKind.CLIENT }, async (span) => {
        try {
          return await database.transaction(tenantId, work)
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR })
          throw error
        } finally {
          span.end()
        }
      }),
  }
}
