/** Issues credentials one after the other, as its own process, for tests that kill it in the middle. */
import type { AttestationId, IdentityId } from '@mayfly/domain'
import { issueCredential } from '../../packages/server/src/application/credential/issue-credential.ts'
import { openLifecycle, tenantId } from '../integration/lifecycle/open-lifecycle.ts'
import { parentProcessEnv } from './process-input.ts'

const input = parentProcessEnv()
const life = await openLifecycle(String(input['storeUrl']), {
  kek: String(input['kek']),
  limits: { createTimeoutMs: Number(input['createTimeoutMs']) },
})
const call = {
  tenantId,
  requestId: 'issuer-process',
  signal: new AbortController().signal,
  actor: {
    kind: 'identity',
    identityId: input['identityId'] as IdentityId,
    attestationId: input['attestationId'] as AttestationId,
  },
} as const
process.stdout.write('ready\n')
for (let n = 0; n < Number(input['count']); n++) {
  const said = await issueCredential(life.deps, call, { role: String(input['role']) }).then(
    ({ row }) => `issued ${row.credential_id}`,
    (error: unknown) => `failed ${String(error)}`,
  )
  process.stdout.write(`${said}\n`)
}
await life.close()
