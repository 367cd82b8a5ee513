/** The services as their `.proto` files define them. */
import { fileURLToPath } from 'node:url'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import type { ServiceDefinition } from '@grpc/grpc-js'

const folder = fileURLToPath(new URL('../../proto', import.meta.url))

export interface MessageType<T> {
  serialize(value: T): Buffer
  deserialize(bytes: Buffer): T
}

let loaded: PackageDefinition | undefined

export function loadDefinitions(): PackageDefinition {
  loaded ??= loadSync(
    [
      'workload.proto',
      'envoy/service/secret/v3/sds.proto',
      'envoy/extensions/transport_sockets/tls/v3/secret.proto',
      'grpc/health/v1/health.proto',
    ],
    { includeDirs: [folder], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
  )
  return loaded
}

/** @throws Error there is no such service */
export function serviceOf(name: string): ServiceDefinition {
  const definition = loadDefinitions()[name]
  if (definition === undefined || 'format' in definition) throw new Error(`there is no service \`${name}\``)
  return definition
}

/** @throws Error there is no such message */
export function messageOf<T>(name: string): MessageType<T> {
  const definition = loadDefinitions()[name]
  if (definition === undefined || !('format' in definition) || !('serialize' in definition)) {
    throw new Error(`there is no message \`${name}\``)
  }
  return definition as unknown as MessageType<T>
}

/** The same object is encoded once, whatever number of streams it goes to. */
export function encodeOnce(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => {
      const encoded = new WeakMap<object, Buffer>()
      const responseSerialize = (value: object): Buffer => {
        const bytes = encoded.get(value) ?? method.responseSerialize(value)
        encoded.set(value, bytes)
        return bytes
      }
      return [name, { ...method, responseSerialize }]
    }),
  )
}
