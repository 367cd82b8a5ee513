/**
 * gRPC server reflection (v1 and v1alpha).
 *
 * The library knows a service without a package by a name with a leading dot. The protocol knows no such dot: it is put
 * on and taken off here.
 */
import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { loadDefinitions } from './load-services.ts'

interface ReflectionRequest {
  fileContainingSymbol?: string
}
interface ReflectionAnswer {
  listServicesResponse?: { service: readonly { readonly name: string }[] }
}
interface ReflectionStream {
  on(event: string, listener: (message: ReflectionRequest) => void): unknown
  write(answer: ReflectionAnswer): unknown
  end(): unknown
}

export function addReflection(server: Server): void {
  const definitions = loadDefinitions()
  const withoutPackage = new Set(Object.keys(definitions).filter((name) => !name.includes('.')))

  /** `SpiffeWorkloadAPI`, and what is named below it. */
  function libraryName(symbol: string): string {
    return withoutPackage.has(symbol.split('.')[0] ?? '') ? `.${symbol}` : symbol
  }

  function translate(stream: ReflectionStream): ReflectionStream {
    return {
      on: (event, listener) =>
        stream.on(event, (message) => {
          const symbol = event === 'data' ? message.fileContainingSymbol : undefined
          listener(symbol === undefined ? message : { ...message, fileContainingSymbol: libraryName(symbol) })
        }),
      write(answer) {
        const { listServicesResponse: list } = answer
        const service = list?.service.map(({ name }) => ({ name: name.replace(/^\./, '') }))
        return stream.write(service === undefined ? answer : { ...answer, listServicesResponse: { service } })
      },
      end: () => stream.end(),
    }
  }

  new ReflectionService(definitions).addToServer({
    addService(service: ServiceDefinition, implementation: UntypedServiceImplementation) {
      const handle = implementation['ServerReflectionInfo'] as unknown as (stream: ReflectionStream) => void
      server.addService(service, { ServerReflectionInfo: (stream: ReflectionStream) => handle(translate(stream)) })
    },
  })
}
