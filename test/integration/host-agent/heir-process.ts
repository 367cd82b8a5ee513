/**
 * Uses a connection that another process made, once that has gone: `node heir-process.ts <pid> <result file>`, connection
 * as descriptor 3. Writes the gRPC status, or `cut`.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const [, , parent = '', resultFile = ''] = process.argv
while (existsSync(`/proc/${parent}`)) await pause(5)
const session = connect('http://workload', { createConnection: () => new Socket({ fd: 3 }) })
const done = (result: string) => {
  writeFileSync(resultFile, result)
  process.exit(0)
}
session.on('error', () => done('cut'))
session.on('close', () => done('cut'))
const stream = session.request({
  ':method': 'POST',
  ':path': '/SpiffeWorkloadAPI/FetchX509SVID',
  'content-type': 'application/grpc',
  te: 'trailers',
  'workload.spiffe.io': 'true',
})
stream.on('error', () => done('cut'))
stream.on('response', (headers) => headers['grpc-status'] !== undefined && done(String(headers['grpc-status'])))
stream.on('trailers', (headers) => done(String(headers['grpc-status'])))
stream.on('data', () => done('served'))
stream.end(Buffer.alloc(5))
