/**
 * How long it takes until 1,000 certificates are called ended and a list that names them is signed, against reading their
 * rows, writing a list and signing it.
 */
import { createPrivateKey } from 'node:crypto'
import { x509Permission, x509Provider, x509Secret, x509Settings } from '@mayfly/provider-x509'
import { type Bench, timeResult } from './bench.ts'
import { countRemoved, endedCount, startEndedCredentials } from './ended-credentials.ts'
import { measureRawCrl } from './limits/self-contained.ts'

const rounds = 30
const signal = new AbortController().signal

export const revokeX509: Bench = {
  name: 'revoke-x509',
  about:
    '1,000 certificates called ended, and a list that names them, against reading their rows, writing one and signing it',
  async run(say) {
    const settings = x509Settings.parse({ common_name: 'Bench CA' })
    const made = await x509Provider.completeSecret(settings, x509Secret.parse({}), undefined)
    const secret = x509Secret.parse(JSON.parse(made.reveal()))
    const authority = createPrivateKey(secret.ca_private_key_pem?.reveal() ?? '')
    const ended = await startEndedCredentials(x509Provider, {
      settings: { common_name: 'Bench CA' },
      secret: JSON.parse(made.reveal()),
      permission: x509Permission.parse({ dns: ['api.orders.example'], uses: ['server'] }),
    })
    try {
      const [ours, limit]: [number[], number[]] = [[], []]
      const handles = ended.credentialIds.map((id) => x509Provider.plan(id))
      for (let round = 0; round < rounds + 5; round += 1) {
        const rawMs = await ended.withRaw((query) => measureRawCrl(query, ended.resourceId, authority))
        // Opened anew: what it said before is not said again.
        const target = await x509Provider.open({ settings, secret, published: ended.ends() })
        const { report, count } = countRemoved()
        const startMs = performance.now()
        await target.revoke(handles, report, signal)
        const list = await target.publish({ document: 'crl' }, signal)
        const ms = performance.now() - startMs
        if (count() !== endedCount || (list?.body.length ?? 0) < endedCount * 16) throw new Error('one is missing')
        await target.close()
        // The first ones warm up.
        if (round >= 5) ours.push(ms / 1_000)
        if (round >= 5) limit.push(rawMs / 1_000)
      }
      say(`${rounds} rounds`)
      return [
        timeResult(
          'revoke-x509',
          'seconds until listed',
          ours,
          limit,
          'a number drawn, the rows read, a list written and signed',
          {
            certificates: endedCount,
          },
        ),
      ]
    } finally {
      await ended.close()
    }
  },
}
