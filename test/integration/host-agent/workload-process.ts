/**
 * A workload in a process of its own, told what to do by its parent: `node workload-process.ts <socket>`.
 * Messages to it: `{ do, … }`; from it: `{ told, … }`.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import koffi from 'koffi'
import { serviceOf } from '../../../packages/host-agent/src/grpc/load-services.ts'

export type Order =
  | { readonly do: 'watch' }
  /** Becomes another program, with all its connections open. */
  | { readonly do: 'exec'; readonly file: string; readonly args: readonly string[] }
  /** Connects, hands the connection to a child and ends. */
  | { readonly do: 'bequeath'; readonly resultFile: string }

export type Report =
  | { readonly told: 'ready' }
  | { readonly told: 'svids'; readonly spiffeIds: readonly string[] }
  | { readonly told: 'ended'; readonly code: number }

const [, , socketPath = ''] = process.argv
const client = new Client(`unix://${socketPath}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
const tell = (report: Report) => process.send?.(report)

process.on('message', (order: Order) => {
  if (order.do === 'watch') watch()
  else if (order.do === 'exec') become(order.file, order.args)
  else bequeath(order.resultFile)
})
process.on('disconnect', () => process.exit(0))
tell({ told: 'ready' })

function watch(): void {
  const definition = serviceOf('SpiffeWorkloadAPI')['FetchX509SVID']
  if (definition === undefined) throw new Error('no such method')
  const metadata = new Metadata()
  metadata.set('workload.spiffe.io', 'true')
  const call = client.makeServerStreamRequest(
    definition.path,
    definition.requestSerialize as (value: object) => Buffer,
    definition.responseDeserialize as (bytes: Buffer) => { svids: { spiffe_id: string }[] },
    {},
    metadata,
  )
  call.on('data', ({ svids }: { svids: { spiffe_id: string }[] }) =>
    tell({ told: 'svids', spiffeIds: svids.map(({ spiffe_id }) => spiffe_id) }),
  )
  call.on('error', ({ code }: ServiceError) => tell({ told: 'ended', code }))
}

function become(file: string, args: readonly string[]): void {
  const F_SETFD = 2
  const fcntl = koffi.load(null).func('int fcntl(int fd, int command, int value)') as (...given: number[]) => number
  // Without close-on-exec, so that what is connected now is connected then.
  for (const fd of readdirSync('/proc/self/fd').map(Number)) if (fd > 2) fcntl(fd, F_SETFD, 0)
  process.execve?.(file, [file, ...args], {})
}

function bequeath(resultFile: string): void {
  const socket: Socket = connect(socketPath)
  socket.once('connect', () => {
    const heir = fileURLToPath(new URL('heir-process.ts', import.meta.url))
    const child = spawn(process.execPath, [heir, String(process.pid), resultFile], {
      stdio: ['ignore', 'inherit', 'inherit', socket],
      detached: true,
    })
    child.once('spawn', () => process.exit(0))
  })
}
