/** The workers that end what is due: by time, by a revocation, by a create that nobody waited for. */
import { createAccountRemover, type RemovalDeps } from '../../application/revocation/remove-accounts.ts'
import { runExpiries, runUnborn } from '../../application/revocation/end-due.ts'
import { runDeadlines } from '../../application/task/end-task.ts'
import type { Worker } from './run-workers.ts'

/** More than targets that can be dead at once in practice, so that a living one always finds a lane. */
const removalLanes = 64

export function lifecycleWorkers(): readonly Worker<RemovalDeps>[] {
  return [
    { kind: 'revocation', name: 'remove-accounts', lanes: removalLanes, run: createAccountRemover().run },
    { kind: 'deadline', name: 'run-expiries', run: runExpiries },
    { kind: 'deadline', name: 'run-unborn', run: runUnborn },
    { kind: 'deadline', name: 'run-deadlines', run: runDeadlines },
  ]
}
