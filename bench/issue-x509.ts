/**
 * How many certificates a second are made, with keys made for them and for keys that are sent along, against one made
 * beforehand with serial number and key replaced, and a signature with node:crypto.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { newId } from '@mayfly/domain'
import { x509Permission, x509Provider } from '@mayfly/provider-x509'
import { type Bench, type BenchResult, rateResult } from './bench.ts'
import { measureRawCertificates, measureRawCertificatesFor, type RawAuthority } from './limits/self-contained.ts'
import { openX509Bench } from './x509-target.ts'

const rounds = 15
const inRound = 2_000
const signal = new AbortController().signal
const permission = x509Permission.parse({ dns: ['api.orders.example'], uses: ['server'] })

export const issueX509: Bench = {
  name: 'issue-x509',
  about: 'certificates, against one made beforehand with serial number and key replaced and signed again, one core',
  async run(say) {
    const { target, secret } = await openX509Bench()
    const { publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { format: 'pem', type: 'spki' },
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    })
    const request = (over: object) => ({
      permission,
      parameters: {},
      expiresAt: new Date(Date.now() + 300_000),
      createDeadlineAt: new Date(Date.now() + 60_000),
      ...over,
    })
    const measure = async (over: object) => {
      const handles = Array.from({ length: inRound }, () => x509Provider.plan(newId()))
      const asked = request(over)
      const startMs = performance.now()
      for (const handle of handles) await target.issue(handle, asked, signal)
      return (inRound * 1_000) / (performance.now() - startMs)
    }
    const { fields } = await target.issue(x509Provider.plan(newId()), request({}), signal)
    const raw: RawAuthority = {
      key: createPrivateKey(secret.ca_private_key_pem?.reveal() ?? ''),
      sample: String(fields['certificate_pem']),
    }
    const compare = async (
      bench: string,
      over: object,
      measureRaw: () => number,
      limitIs: string,
    ): Promise<BenchResult> => {
      const [ours, limit]: [number[], number[]] = [[], []]
      await measure(over)
      measureRaw()
      for (let round = 0; round < rounds; round += 1) {
        limit.push(measureRaw())
        ours.push(await measure(over))
      }
      say(`${bench}: ${rounds} rounds`)
      return rateResult(bench, 'certificates/s', ours, limit, limitIs)
    }
    const sent = await compare(
      'issue-x509-for-key',
      { holder: { publicKey } },
      () => measureRawCertificatesFor(raw, publicKey, inRound),
      'the key imported, put into a certificate made beforehand, and signed',
    )
    const made = await compare(
      'issue-x509',
      {},
      () => measureRawCertificates(raw, inRound),
      'a fresh key, put into a certificate made beforehand, and signed',
    )
    await target.close()
    return [sent, made]
  },
}
