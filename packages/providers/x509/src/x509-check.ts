/** `resource check`: issues a certificate, verifies it, ends it on paper and sees the list say so. */
import { X509Certificate } from 'node:crypto'
import { isX509Fault, parseCrl } from '@mayfly/domain'
import type { CheckFinding, CheckProbe } from '@mayfly/provider-kit'
import type { CrlPublisher } from './publish-crl.ts'
import type { X509Permission } from './x509-permission.ts'
import { issueCertificate } from './x509-issue.ts'
import type { X509Way } from './x509-way.ts'

/** Where there is no role yet. */
const leastPermission: X509Permission = {
  common_name: 'mayfly-check',
  dns: [],
  ip: [],
  uri: [],
  email: [],
  uses: ['client'],
  key_types: ['P-256'],
}
const soonMs = 30 * 86_400_000

export async function checkAuthority(
  way: X509Way,
  lists: CrlPublisher,
  probe: CheckProbe<X509Permission>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> {
  const { certificate, certificatePem } = way.authority
  const findings: CheckFinding[] = []
  const leftMs = certificate.notAfter.getTime() - Date.now()
  findings.push(
    leftMs < soonMs
      ? {
          check: 'authority',
          outcome: 'warned',
          detail: `the authority \`${certificate.subject.text}\` ends on ${certificate.notAfter.toISOString()}`,
          hint: 'enter a new authority before then: what it issues cannot live longer',
        }
      : { check: 'authority', outcome: 'passed', detail: `\`${certificate.subject.text}\` signs` },
  )
  // One with parameters cannot be filled in here.
  const permission =
    probe.permission !== undefined && !hasParameters(probe.permission) ? probe.permission : leastPermission
  const expiresAt = new Date(Date.now() + 60_000)
  const { fields } = issueCertificate(
    way,
    probe.newHandle(),
    { permission, parameters: {}, expiresAt, createDeadlineAt: expiresAt },
    signal,
  )
  const issued = new X509Certificate(String(fields['certificate_pem']))
  const isGood = issued.verify(new X509Certificate(certificatePem).publicKey)
  findings.push({
    check: 'issue',
    outcome: isGood ? 'passed' : 'failed',
    detail: isGood
      ? 'a certificate was issued, and verifies under the authority'
      : 'what is issued does not verify under the authority',
  })
  const crl = parseCrl(await lists.whole(signal))
  findings.push(
    isX509Fault(crl)
      ? { check: 'crl', outcome: 'failed', detail: `the revocation list cannot be read: ${crl.fault}` }
      : { check: 'crl', outcome: 'passed', detail: `a revocation list is published at ${way.published.url}/crl` },
    {
      check: 'verifier',
      outcome: 'warned',
      detail: 'whether who is shown a certificate asks the list or OCSP cannot be seen from here',
      hint: 'read `mayfly resource guide x509` at each verifier',
    },
  )
  return findings
}

function hasParameters({ common_name: name, dns, uri, email }: X509Permission): boolean {
  return [name ?? '', ...dns, ...uri, ...email].some((text) => text.includes('{'))
}
