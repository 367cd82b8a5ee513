/** A life cycle whose parts run as processes of their own, and what must be true after any of them has died. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, type Socket, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { CallContext } from '../../packages/server/src/application/credential/issue-deps.ts'
import type { CredentialRow } from '../../packages/server/src/store/credential-rows.ts'
import type { Selector } from '../../packages/server/src/store/revocation-rows.ts'
import { createFixture, type Fixture } from '../integration/lifecycle/lifecycle-fixture.ts'
import { type LifecycleOptions, newKek } from '../integration/lifecycle/open-lifecycle.ts'
import { makeTempDir, until } from '../support/index.ts'

export interface Child extends AsyncDisposable {
  readonly lines: readonly string[]
  says(start: string): Promise<string>
  /** At once and without a word, as a crash or the kernel would. */
  kill(): Promise<void>
}

function startChild(script: string, input: Readonly<Record<string, string>>): Child {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [path], {
    env: { ...process.env, FAULT_INPUT: JSON.stringify(input) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  if (child.stdout === null) throw new Error('a child has an output')
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const exited = once(child, 'exit')
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  }
  return {
    lines,
    kill,
    says: (start) =>
      until(
        () => {
          if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode}: ${lines.join('; ')}`)
          return lines.find((line) => line.startsWith(start))
        },
        { withinMs: 30_000, describe: `${script} says ${start}` },
      ),
    [Symbol.asyncDispose]: kill,
  }
}

export type FaultFixture = Awaited<ReturnType<typeof createFaultFixture>>

export async function createFaultFixture(version: 18 | 15 = 18, options: LifecycleOptions = {}) {
  const kek = newKek()
  const fixture = await createFixture(version, { ...options, kek })
  return { ...fixture, ...processes(fixture, kek) }
}

export function processes(fixture: Pick<Fixture, 'store' | 'life'>, kek: string) {
  return {
    kek,

    async startServer(): Promise<Child> {
      const child = startChild('./server-process.ts', {
        MAYFLY_DATABASE_URL: fixture.store.url,
        MAYFLY_KEK: kek,
        MAYFLY_LISTEN: '127.0.0.1:0',
        MAYFLY_LOG_LEVEL: 'error',
        MAYFLY_BOOTSTRAP_FILE: join(await makeTempDir('bootstrap'), 'secret'),
      })
      await child.says('ready')
      return child
    },

    async startIssuer(
      call: CallContext,
      more: { role?: string; count?: number; createTimeoutMs?: number } = {},
    ): Promise<Child> {
      if (call.actor.kind !== 'identity') throw new Error('only identities are issued credentials')
      const child = startChild('./issuer-process.ts', {
        storeUrl: fixture.store.url,
        kek,
        identityId: call.actor.identityId,
        attestationId: call.actor.attestationId,
        role: more.role ?? 'orders-db/readonly',
        count: String(more.count ?? 1),
        createTimeoutMs: String(more.createTimeoutMs ?? 2_500),
      })
      await child.says('ready')
      return child
    },

    /** How many credentials a server has taken to remove. */
    inHand: (): Promise<number> =>
      fixture.life.inTenant(
        async (tx) => (await tx.query.selectFrom('removal_claim').select('credential_id').execute()).length,
      ),
    credentials: (): Promise<readonly CredentialRow[]> =>
      fixture.life.inTenant((tx) => tx.query.selectFrom('credential').selectAll().orderBy('credential_id').execute()),

    revoke: (selector: Selector) => fixture.life.revoke(selector),
  }
}

/** Nobody is forgotten: what is on its way out gets there. */
export async function allGone(fixture: Pick<FaultFixture, 'credentials'>, withinMs = 30_000): Promise<void> {
  await until(async () => (await fixture.credentials()).every((row) => row.state === 'revoked'), {
    withinMs,
    everyMs: 50,
    describe: 'every credential is revoked',
  })
}

/** What must be true after any fault: no account without a row, the log verifies, and it explains every row. */
export async function expectSound(fixture: Fixture): Promise<void> {
  expect(await fixture.accountsWithoutRow(), 'no account without a row').toEqual([])
  await fixture.life.sequence()
  const report = await fixture.life.verify()
  expect(report.log.findings, 'the log verifies').toEqual([])
  expect(report.log.entriesChecked).toBeGreaterThan(0)
  // What this suite puts in by SQL (proofs of identities) no entry explains.
  const ours = report.findings.filter(({ table }) => ['credential', 'task', 'task_role', 'identity'].includes(table))
  expect(ours, 'every row is explained by the log').toEqual([])
}

export interface Gate extends AsyncDisposable {
  readonly port: number
  /** Connections are taken, and what they say goes nowhere. */
  close(): void
  /** From now on everything passes, what was said meanwhile too. */
  open(): void
}

/** A network between Mayfly and a target that can stand still. */
export async function startGate(target: { host: string; port: number }): Promise<Gate> {
  let open = true
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  const server: Server = createServer((socket) => {
    const onward = connect(target.port, target.host)
    for (const each of [socket, onward]) {
      sockets.add(each)
      each.on('error', () => each.destroy())
      each.on('close', () => sockets.delete(each))
    }
    const pass = () => {
      waiting.delete(pass)
      socket.pipe(onward)
      onward.pipe(socket)
    }
    if (open) pass()
    else waiting.add(pass)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => (open = false),
    open() {
      open = true
      for (const pass of waiting) pass()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
