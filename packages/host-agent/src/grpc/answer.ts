/** A unary method as a function that gives its answer or throws a refusal. */
import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js'
import { asRefusal } from './refusal.ts'

export function unary<Q, A>(answer: (call: ServerUnaryCall<Q, A>) => Promise<A>): handleUnaryCall<Q, A> {
  return (call, callback) => {
    void respond()

    async function respond(): Promise<void> {
      let value: A
      try {
        value = await answer(call)
      } catch (error) {
        callback(asRefusal(error))
        return
      }
      callback(null, value)
    }
  }
}
