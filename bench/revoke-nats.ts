/**
 * How long it takes to end 1,000 users of NATS with 200 open sessions, against one push of the whole list and looking until
 * nobody is connected; and one user with two sessions.
 */
import type { NatsConnection } from '@nats-io/transport-node'
import { signClaims } from '../packages/providers/nats/src/nats-jwt.ts'
import { connectWith, type Issued, keyFrom, revoke } from '../test/integration/provider-nats/nats-fixture.ts'
import { type Bench, type BenchResult, rounded, timeResult } from './bench.ts'
import { measureRawEnd } from './limits/nats-revoke.ts'
import { type NatsBench, startNatsBench } from './nats-target.ts'

const rounds = 5
const cases = [
  { users: 1, sessions: 2 },
  { users: 1_000, sessions: 200 },
] as const

export const revokeNats: Bench = {
  name: 'revoke-nats',
  about: 'users with open sessions, ended at the target, against one push of the list and looking until nobody is left',
  async run(say) {
    const results: BenchResult[] = []
    for (const { users, sessions } of cases) {
      const [ours, limit]: [number[], number[]] = [[], []]
      for (let round = 0; round < rounds; round += 1) {
        // A server each: the list of one round must not weigh on the next.
        limit.push(await withUsers(users, sessions, endRaw))
        ours.push(await withUsers(users, sessions, endOurs))
        say(`${users} users, ${sessions} sessions: round ${round + 1} of ${rounds}`)
      }
      results.push(
        timeResult(
          'revoke-nats',
          'seconds until absent',
          ours,
          limit,
          'one push of the list, and looking until nobody is connected',
          { users, sessions, slowest: rounded(Math.max(...ours)) },
        ),
      )
    }
    return results
  },
}

/** @returns seconds */
async function withUsers(
  users: number,
  sessions: number,
  end: (bench: NatsBench, issued: readonly Issued[]) => Promise<number>,
): Promise<number> {
  const bench = await startNatsBench()
  const open: NatsConnection[] = []
  try {
    const issued = await Promise.all(Array.from({ length: users }, () => bench.prepared.issue()))
    for (let at = 0; at < sessions; at += 1) {
      const one = issued[at % users]
      if (one !== undefined) open.push(await connectWith(one.account))
    }
    const closed = open.map((nc) => nc.closed())
    const ms = await end(bench, issued)
    await Promise.all(closed)
    return ms / 1_000
  } finally {
    await Promise.all(open.map((nc) => nc.close()))
    await bench.close()
  }
}

async function endRaw({ prepared }: NatsBench, issued: readonly Issued[]): Promise<number> {
  const keys = issued.map((one) => one.handle.targetKey)
  const claims = await prepared.claims()
  const now = Math.floor(Date.now() / 1000)
  const revocations = Object.fromEntries(keys.map((key) => [key, now]))
  const signer = keyFrom('operator', prepared.secret.operator_signing_key)
  const token = signClaims({ ...claims, iat: claims.iat + 1, nats: { ...claims.nats, revocations } }, signer)
  return measureRawEnd(prepared.system, prepared.account, token, new Set(keys))
}

async function endOurs({ prepared }: NatsBench, issued: readonly Issued[]): Promise<number> {
  // Of a server that is up already: the connection is part of no end.
  await prepared.target.listSessions(new AbortController().signal)
  const startMs = performance.now()
  const report = await revoke(
    prepared,
    issued.map((one) => one.handle),
  )
  if (report.removedNames.length !== issued.length) throw new Error('a user is left')
  return performance.now() - startMs
}
