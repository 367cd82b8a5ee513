/**
 * How fast a rotation reaches 1,000 open streams of the Workload API, and what a stream costs.
 *
 * The streams are held by a process of its own, over 10 connections. The limit is the same message, written at once to
 * 1,000 unix sockets that are held by such a process: what the system itself needs.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { dpopAuthorizer, makeDpop } from '@mayfly/client'
import { keyProof, makeAccessTokens } from '@mayfly/client/login'
import {
  makeHttpAuthority,
  makeLog,
  parseHostAgentConfig,
  startHostAgent,
  systemTiming,
} from '../packages/host-agent/src/index.ts'
import { startAuthorityServer } from '../test/integration/host-agent/authority-server.ts'
import { type Bench, median, quantile, rounded, timeResult } from './bench.ts'
import type { Arrivals, StreamMode } from './workload-api/hold-streams.ts'

const streams = 1_000
const rounds = 7
const holder = fileURLToPath(new URL('workload-api/hold-streams.ts', import.meta.url))

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

interface Holder {
  /** When each stream got its next message, in milliseconds since 1970. */
  next(): Promise<readonly number[]>
  close(): Promise<void>
}

/** Resolves when each stream has its first message. */
async function holdStreams(mode: StreamMode, path: string): Promise<Holder> {
  const child: ChildProcess = fork(holder, [mode, path, String(streams)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const next = async () => {
    const ended = new AbortController()
    child.once('exit', () => ended.abort())
    const [{ atMs }] = (await once(child, 'message', { signal: ended.signal })) as [Arrivals]
    return atMs
  }
  await next()
  return {
    next,
    async close() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

export const workloadApi: Bench = {
  name: 'workload-api',
  about: `one rotation to ${streams} open streams, against as many plain unix sockets`,
  async run(say) {
    const dir = await mkdtemp(join(tmpdir(), 'mayfly-bench-'))
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await using server = await startAuthorityServer(privateKey)
    server.bind({ identity: 'bench', selectors: [`unix:uid:${process.getuid?.()}`] })
    const over = new AbortController()
    const now = () => new Date()
    const dpop = makeDpop({ now })
    const tokens = makeAccessTokens(server.url, keyProof('host-1', privateKey, now), now, over.signal, dpop)
    const client = { baseUrl: server.url, authorizer: dpopAuthorizer(dpop, () => tokens.current()) }
    const socket = join(dir, 'agent.sock')
    const agent = await startHostAgent(parseHostAgentConfig({ socket }, { passwd: '', group: '' }), {
      authority: makeHttpAuthority({ client, tokens }),
      timing: systemTiming,
      log: makeLog(() => {}, Date.now),
    })
    const raw = await startRawServer(join(dir, 'raw.sock'))
    try {
      collect()
      const beforeBytes = process.memoryUsage().rss
      const held = await holdStreams('workload-api', socket)
      collect()
      const streamKib = (process.memoryUsage().rss - beforeBytes) / 1_024 / streams
      const plain = await holdStreams('plain', raw.path)
      const [ours, limit, ourMedians]: [number[], number[], number[]] = [[], [], []]
      for (let round = -1; round < rounds; round += 1) {
        const atOnce = held.next()
        const startMs = performance.timeOrigin + performance.now()
        server.reissue()
        const times = (await atOnce).map((atMs) => atMs - startMs)
        const plainAtOnce = plain.next()
        const plainStartMs = performance.timeOrigin + performance.now()
        raw.write()
        const plainTimes = (await plainAtOnce).map((atMs) => atMs - plainStartMs)
        // The first round warms up.
        if (round < 0) continue
        ours.push(quantile(times, 0.99))
        ourMedians.push(quantile(times, 0.5))
        limit.push(quantile(plainTimes, 0.99))
        say(`round ${round + 1} of ${rounds}: p99 ${rounded(ours.at(-1) ?? 0)} ms`)
      }
      await held.close()
      await plain.close()
      const limitIs = `the same message to ${streams} plain unix sockets`
      return [
        timeResult('workload-api', 'ms until 99% of the streams have it', ours, limit, limitIs, {
          'p50 ms': rounded(median(ourMedians)),
          'KiB per stream': rounded(streamKib),
        }),
      ]
    } finally {
      raw.close()
      await agent.stop()
      over.abort()
      await rm(dir, { recursive: true, force: true })
    }
  },
}

/** About as large as an answer with one identity. */
const plainMessage = Buffer.alloc(1_400, 1)

async function startRawServer(path: string): Promise<{ path: string; write(): void; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket))
    socket.write(plainMessage)
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    write() {
      for (const socket of sockets) socket.write(plainMessage)
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
