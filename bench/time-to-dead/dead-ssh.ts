import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sshProvider } from '@mayfly/provider-ssh'
import { serialOf } from '../../packages/providers/ssh/src/serial-number.ts'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { canLogIn, clientOf } from '../../test/integration/provider-ssh/ssh-fixture.ts'
import { startSshBench } from '../ssh-target.ts'
import type { DeadTarget, Fields } from './dead-target.ts'

export async function startDeadSsh(): Promise<DeadTarget> {
  const bench = await startSshBench()
  const { prepared } = bench
  const accountOf = (fields: Fields) => ({ fields, boundTo: 'none', expiresAt: new Date() }) as const
  return {
    kind: 'ssh',
    provider: sshProvider as unknown as Provider,
    resource: {
      settings: { hosts: prepared.settings.hosts },
      secret: Object.fromEntries(Object.entries(prepared.secret).map(([name, key]) => [name, key?.reveal() ?? ''])),
      permission: { type: 'user', principals: ['tester'], permit: [] },
    },
    // A login costs both sides half a second of a core.
    watch: { logins: 1, sessions: 20 },
    async logIn(fields) {
      try {
        return await canLogIn(prepared, accountOf(fields))
      } catch (error) {
        // It was in, and was ended before it had said so: no refusal yet. Of a command that is killed the client says nothing.
        if (error instanceof Error && /closed by (?:remote host|127\.0\.0\.1)|^ssh: 255: $/.test(error.message))
          return true
        throw error
      }
    },
    async hold(fields) {
      const client = await clientOf(prepared, accountOf(fields))
      const child = spawn('ssh', [...client.args, 'echo in; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
      await once(child.stdout, 'data')
      return {
        ended: once(child, 'close').then(() => undefined),
        close: () => void child.kill('SIGKILL'),
      }
    },
    /** By the list of the host: it keeps no accounts. */
    async present(handles) {
      const ended = new Set((await readFile(join(prepared.sshd.lists, 'ended'), 'utf8')).split('\n'))
      return new Set(
        handles
          .filter(({ credentialId }) => !ended.has(String(serialOf(credentialId))))
          .map(({ accountName }) => accountName),
      )
    },
    close: () => bench.close(),
  }
}
