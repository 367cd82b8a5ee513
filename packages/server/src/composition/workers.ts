/** Every worker of the server. A new one is a line here. */
import type { TenantId } from '@mayfly/domain'
import { sequenceLog, type SequenceDeps } from '../application/audit/sequence-log.ts'
import type { CoreDeps } from '../application/context.ts'
import { runRedecisions } from '../application/decision/run-redecisions.ts'
import { keepSecrets } from '../application/inventory/keep-secrets.ts'
import { sampleSessions } from '../application/inventory/sample-sessions.ts'
import { sweepTargets } from '../application/inventory/sweep-target.ts'
import { forgetJoinTokens } from '../application/proof/forget-join-tokens.ts'
import { createKeyUpkeep } from '../application/proof/run-key-upkeep.ts'
import { runLapses } from '../application/proof/run-lapses.ts'
import { forgetSvids } from '../application/spiffe/forget-svids.ts'
import { createAuthorityUpkeep } from '../application/spiffe/run-authority-upkeep.ts'
import { runFederations } from '../application/spiffe/run-federations.ts'
import { signCrls } from '../application/spiffe/sign-crl.ts'
import { runLoginUpkeep } from '../application/registry/adopt-login.ts'
import { runIdentityExpiries } from '../application/registry/run-identity-expiries.ts'
import { lifecycleWorkers } from '../surfaces/workers/lifecycle-workers.ts'
import { type RunningWorkers, runWorkers, type Worker } from '../surfaces/workers/run-workers.ts'
import type { TenantLogs } from './tenant-logs.ts'
import type { Wired } from './wire.ts'

/** Targets that are looked at together: a dead one holds a lane until it is given up, and the others go on. */
const lookLanes = 8

export async function startWorkers(wired: Wired, pollMs?: number): Promise<RunningWorkers> {
  const deps = { ...wired.authority, targets: wired.targets, keys: wired.keys, looks: wired.looks }
  const upkeep = createKeyUpkeep()
  const authorityUpkeep = createAuthorityUpkeep()
  return runWorkers(
    deps,
    [
      ...lifecycleWorkers(),
      { kind: 'deadline', name: 'end-identities', run: runIdentityExpiries },
      { kind: 'lapse', name: 'run-lapses', run: runLapses },
      { kind: 'redecision', name: 'run-redecisions', run: runRedecisions },
      { kind: 'deadline', name: 'keep-keys', run: (_deps, tenantId, signal) => upkeep.run(deps, tenantId, signal) },
      {
        kind: 'deadline',
        name: 'keep-logins',
        run: (_deps, tenantId, signal) => runLoginUpkeep(wired.registry, tenantId, signal),
      },
      {
        kind: 'deadline',
        name: 'keep-authorities',
        run: (_deps, tenantId, signal) => authorityUpkeep.run(wired.spiffe, tenantId, signal),
      },
      { kind: 'deadline', name: 'sample-sessions', lanes: lookLanes, run: sampleSessions },
      { kind: 'deadline', name: 'sweep-targets', lanes: lookLanes, run: sweepTargets },
      { kind: 'deadline', name: 'keep-secrets', lanes: lookLanes, run: keepSecrets },
      { kind: 'deadline', name: 'run-federations', lanes: 4, run: runFederations },
      {
        kind: 'revocation',
        name: 'sign-crls',
        run: (_deps, tenantId, signal) => signCrls(wired.spiffe, tenantId, signal),
      },
      { kind: 'deadline', name: 'forget-svids', run: forgetSvids },
      { kind: 'deadline', name: 'forget-join-tokens', run: forgetJoinTokens },
      sequencer(wired.logs, deps),
    ],
    pollMs === undefined ? {} : { pollMs },
  )
}

/** Signs about once a second: each look sequences what has come since. */
function sequencer(logs: TenantLogs, { database, clock }: CoreDeps): Worker<CoreDeps> {
  const deps: SequenceDeps = { database, clock, remembered: new Map() }
  return {
    kind: 'sequence',
    name: 'sequence-log',
    async run(_deps, tenantId: TenantId, signal) {
      const log = await database.transaction(tenantId, (tx) => logs.open(tx))
      await sequenceLog(deps, log, signal)
      return 'idle'
    },
  }
}
