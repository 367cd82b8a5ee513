/** How many certificates of SSH a second are made, against a fresh key and a signature with node:crypto. No host is asked. */
import { generateKeyPairSync } from 'node:crypto'
import { newId } from '@mayfly/domain'
import { sshProvider } from '@mayfly/provider-ssh'
import { tester } from '../test/integration/provider-ssh/ssh-fixture.ts'
import { type Bench, rateResult } from './bench.ts'
import { measureRawCertificates } from './limits/ssh.ts'
import { type SshBench, startSshBench } from './ssh-target.ts'

const rounds = 7
const inRound = 3_000
const signal = new AbortController().signal

export const issueSsh: Bench = {
  name: 'issue-ssh',
  about:
    'certificates for users, with keys made for them, against a fresh Ed25519 key and a signature with node:crypto, one core',
  async run(say) {
    const bench = await startSshBench()
    const authority = generateKeyPairSync('ed25519').privateKey
    try {
      const [ours, limit]: [number[], number[]] = [[], []]
      await measureProvider(bench, inRound)
      measureRawCertificates(authority, inRound)
      for (let round = 0; round < rounds; round += 1) {
        limit.push(measureRawCertificates(authority, inRound))
        ours.push(await measureProvider(bench, inRound))
        say(`round ${round + 1} of ${rounds}`)
      }
      return [
        rateResult(
          'issue-ssh',
          'certificates/s',
          ours,
          limit,
          'a fresh key, the bytes, and a signature with node:crypto',
        ),
      ]
    } finally {
      await bench.close()
    }
  },
}

async function measureProvider({ prepared }: SshBench, count: number): Promise<number> {
  const handles = Array.from({ length: count }, () => sshProvider.plan(newId()))
  const request = {
    permission: tester,
    parameters: {},
    expiresAt: new Date(Date.now() + 300_000),
    createDeadlineAt: new Date(Date.now() + 60_000),
  }
  const startMs = performance.now()
  for (const handle of handles) await prepared.target.issue(handle, request, signal)
  return (count * 1_000) / (performance.now() - startMs)
}
