import type { CheckFinding } from '@mayfly/provider-kit'
import { type Claims, isRecord, readClaims } from './nats-jwt.ts'
import type { NatsWay } from './nats-way.ts'

/** What the account's JWT says of Mayfly's key for users. */
export function checkAccount(way: NatsWay, claims: Claims): readonly CheckFinding[] {
  const { signing_keys: signingKeys, limits } = claims.nats
  const own = way.accountKey.publicKey
  const findings: CheckFinding[] = []
  const keys: readonly unknown[] = Array.isArray(signingKeys) ? signingKeys : []
  if (own === way.account) {
    findings.push({
      check: 'account key',
      outcome: 'warned',
      detail: 'users are signed with the key of the account itself, which cannot be taken back',
      hint: 'give Mayfly a signing key of its own: `nsc edit account --sk generate`',
    })
  } else if (keys.some((key) => isRecord(key) && key['key'] === own)) {
    findings.push({
      check: 'account key',
      outcome: 'failed',
      detail: "the account's JWT names Mayfly's signing key with a scope, which replaces what a role permits",
      hint: 'give Mayfly a signing key without a scope: `nsc edit account --sk generate`',
    })
  } else if (!keys.includes(own)) {
    findings.push({
      check: 'account key',
      outcome: 'failed',
      detail: `the account's JWT does not name Mayfly's signing key \`${own}\``,
      hint: `\`nsc edit account --sk ${own}\`, then \`nsc push\``,
    })
  } else {
    findings.push({ check: 'account key', outcome: 'passed', detail: "the account names Mayfly's signing key" })
  }
  if (isRecord(limits) && (limits['conn'] === undefined || limits['conn'] === 0)) {
    findings.push({
      check: 'limits',
      outcome: 'failed',
      detail: "the account's JWT allows no connection at all: a limit that is left out counts as 0",
      hint: '`nsc edit account --conns -1`',
    })
  }
  return findings
}

/** Whether Mayfly's user of the system account may do more than it needs. */
export function checkOwnLogin(jwt: string): readonly CheckFinding[] {
  const nats = readClaims(jwt, 'account')?.nats ?? {}
  const isNarrow = [nats['pub'], nats['sub']].every((rules) => {
    const allow: unknown = isRecord(rules) ? rules['allow'] : undefined
    return Array.isArray(allow) && allow.length > 0 && !allow.some((one) => one === '>' || one === '$SYS.>')
  })
  return isNarrow
    ? [{ check: 'rights', outcome: 'passed', detail: "Mayfly's login may ask only what it is allowed by name" }]
    : [
        {
          check: 'rights',
          outcome: 'warned',
          detail: "Mayfly's user of the system account may do everything there, to every account",
          hint: 'make one with the rights of `mayfly resource guide nats`',
        },
      ]
}
