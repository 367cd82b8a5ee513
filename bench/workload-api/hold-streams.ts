/**
 * Holds streams open and tells, each time that all of them got a message, when each did:
 * `node hold-streams.ts <workload-api|plain> <socket> <count>`.
 */
import { connect } from 'node:net'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { serviceOf } from '../../packages/host-agent/src/grpc/load-services.ts'

export type StreamMode = 'workload-api' | 'plain'

export interface Arrivals {
  readonly atMs: readonly number[]
}

const streamsPerConnection = 100
/** Connections are made in groups: a socket's line of those that wait is short. */
const groupSize = 50

const [, , mode = '', path = '', count = '0'] = process.argv
const total = Number(count)
let arrived: number[] = []

function arrive(): void {
  arrived.push(performance.timeOrigin + performance.now())
  if (arrived.length < total) return
  process.send?.({ atMs: arrived } satisfies Arrivals)
  arrived = []
}

if (mode === 'plain') {
  for (let at = 0; at < total; at += groupSize) {
    await Promise.all(
      Array.from({ length: groupSize }, () => {
        const socket = connect(path)
        socket.on('data', arrive)
        return new Promise((resolve) => socket.once('connect', resolve))
      }),
    )
  }
} else {
  const definition = serviceOf('SpiffeWorkloadAPI')['FetchX509SVID']
  if (definition === undefined) throw new Error('there is no such method')
  const metadata = new Metadata()
  metadata.set('workload.spiffe.io', 'true')
  const options = { 'grpc.enable_http_proxy': 0, 'grpc.use_local_subchannel_pool': 1 }
  for (let at = 0; at < total; at += streamsPerConnection) {
    const client = new Client(`unix://${path}`, credentials.createInsecure(), options)
    for (let stream = 0; stream < streamsPerConnection; stream += 1) {
      const call = client.makeServerStreamRequest(
        definition.path,
        definition.requestSerialize as (value: object) => Buffer,
        // What arrives is counted, not read: the reader's own work is not what is measured.
        (bytes: Buffer) => bytes,
        {},
        metadata,
      )
      call.on('data', arrive)
      call.on('error', (error: Error) => {
        throw error
      })
    }
  }
}
process.on('disconnect', () => process.exit(0))
