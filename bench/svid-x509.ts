/**
 * How many X509-SVIDs one core makes from given public keys: reading the key, its identifier, a serial number, the
 * certificate and its ES256 signature. And how many it reads again.
 */
import { generateKeyPairSync } from 'node:crypto'
import { isX509Fault, parseCertificate, parsePublicKey, prepareSvidIssuer, svidAuthorityTemplate } from '@mayfly/domain'
import { keyIdOf, publicKeyInfoOf, x509SignerOfKey } from '@mayfly/provider-kit'
import { makeSerialNumber } from '../packages/server/src/adapters/x509/sign-certificate.ts'
import { type Bench, median, rateResult, rounded } from './bench.ts'
import { measureRawSigning } from './limits/svid-x509.ts'

const rounds = 45
const leavesInRound = 500
/** What is signed of a leaf. */
const signedSizeBytes = 460

export const svidX509: Bench = {
  name: 'svid-x509',
  about: 'making X509-SVIDs from given P-256 public keys on one core, against raw ES256 signing',
  async run(say) {
    const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicKey = publicKeyInfoOf(authority.publicKey)
    const keyId = keyIdOf(publicKey)
    const now = new Date()
    const template = svidAuthorityTemplate({
      trustDomain: 'example.org',
      publicKey,
      subjectKeyId: keyId,
      serialNumber: makeSerialNumber(),
      notBefore: now,
      notAfter: new Date(now.getTime() + 86_400_000),
    })
    const issue = prepareSvidIssuer({
      signer: x509SignerOfKey(authority.privateKey),
      name: template.subject,
      keyId,
      notAfter: template.notAfter,
    })
    const spkis = Array.from({ length: 100 }, () =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' }),
    )

    const makeLeaf = (at: number): Uint8Array => {
      const key = parsePublicKey(spkis[at % spkis.length] ?? new Uint8Array())
      if (isX509Fault(key)) throw new Error(key.fault)
      return issue({
        spiffeId: `spiffe://example.org/production/service/orders-${at}`,
        publicKey: key,
        subjectKeyId: keyIdOf(key),
        serialNumber: makeSerialNumber(),
        now,
        ttlSeconds: 3_600,
        dnsNames: ['orders.example.org'],
      }).der
    }
    const measure = (): number => {
      const startMs = performance.now()
      for (let at = 0; at < leavesInRound; at += 1) makeLeaf(at)
      return (leavesInRound * 1_000) / (performance.now() - startMs)
    }
    const leaf = makeLeaf(0)
    const measureReading = (): number => {
      const startMs = performance.now()
      for (let at = 0; at < leavesInRound; at += 1)
        if (isX509Fault(parseCertificate(leaf))) throw new Error('unreadable')
      return (leavesInRound * 1_000) / (performance.now() - startMs)
    }

    const [ours, limit, reading]: [number[], number[], number[]] = [[], [], []]
    for (let round = -1; round < rounds; round += 1) {
      const figures = [
        measure(),
        measureRawSigning(authority.privateKey, signedSizeBytes, leavesInRound),
        measureReading(),
      ] as const
      // The first round warms up.
      if (round < 0) continue
      ours.push(figures[0])
      limit.push(figures[1])
      reading.push(figures[2])
      if (round % 15 === 14) say(`round ${round + 1} of ${rounds}`)
    }
    return [
      rateResult('svid-x509', 'SVIDs/s', ours, limit, 'raw ES256 signing, one core', {
        'bytes in one': leaf.length,
        'certificates read/s': rounded(median(reading)),
      }),
    ]
  },
}
