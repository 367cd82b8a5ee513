/**
 * `npm run bench -- NAME [--json]`: one benchmark; without a name, all of them.
 * With `--json` the last line of standard output is the headline result; everything else goes to standard error.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import type { Bench, BenchResult, DeadLine, Percentiles } from './bench.ts'

/** Loaded by name, so that one benchmark does not pay for the start of another. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  'issue-token': async () => (await import('./issue-token.ts')).issueToken,
  'token-exchange': async () => (await import('./token-exchange.ts')).tokenExchange,
  'revocation-visible': async () => (await import('./revocation-visible.ts')).revocationVisible,
  'issue-postgres': async () => (await import('./issue-postgres.ts')).issuePostgres,
  'revoke-postgres': async () => (await import('./revoke-postgres.ts')).revokePostgres,
  'issue-mysql': async () => (await import('./issue-mysql.ts')).issueMysql,
  'revoke-mysql': async () => (await import('./revoke-mysql.ts')).revokeMysql,
  'issue-http': async () => (await import('./issue-http.ts')).issueHttp,
  'revoke-http': async () => (await import('./revoke-http.ts')).revokeHttp,
  'issue-rabbitmq': async () => (await import('./issue-rabbitmq.ts')).issueRabbitmq,
  'revoke-rabbitmq': async () => (await import('./revoke-rabbitmq.ts')).revokeRabbitmq,
  'issue-nats': async () => (await import('./issue-nats.ts')).issueNats,
  'revoke-nats': async () => (await import('./revoke-nats.ts')).revokeNats,
  'issue-redis': async () => (await import('./issue-redis.ts')).issueRedis,
  'revoke-redis': async () => (await import('./revoke-redis.ts')).revokeRedis,
  'issue-ssh': async () => (await import('./issue-ssh.ts')).issueSsh,
  'revoke-ssh': async () => (await import('./revoke-ssh.ts')).revokeSsh,
  'issue-x509': async () => (await import('./issue-x509.ts')).issueX509,
  'revoke-x509': async () => (await import('./revoke-x509.ts')).revokeX509,
  'issue-jwt': async () => (await import('./issue-jwt.ts')).issueJwt,
  'revoke-jwt': async () => (await import('./revoke-jwt.ts')).revokeJwt,
  'issue-static': async () => (await import('./issue-static.ts')).issueStatic,
  'revoke-static': async () => (await import('./revoke-static.ts')).revokeStatic,
  'expire-storm': async () => (await import('./expire-storm.ts')).expireStorm,
  sweep: async () => (await import('./sweep.ts')).sweep,
  'time-to-dead': async () => (await import('./time-to-dead.ts')).timeToDead,
  decide: async () => (await import('./decide.ts')).decide,
  'audit-append': async () => (await import('./audit-append.ts')).auditAppend,
  'workload-api': async () => (await import('./workload-api.ts')).workloadApi,
  'audit-verify': async () => (await import('./audit-verify.ts')).auditVerify,
  // The token endpoint with an OIDC proof is what `issue-token` measures; the name is that of the proof.
  'login-oidc': async () => (await import('./issue-token.ts')).loginOidc,
  'svid-jwt': async () => (await import('./svid-jwt.ts')).svidJwt,
  'svid-x509': async () => (await import('./svid-x509.ts')).svidX509,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
})

const unknown = positionals.filter((name) => benches[name] === undefined)
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`there is no benchmark \`${unknown.join('`, `')}\``)
  console.error(`usage: npm run bench -- [NAME …] [--json]\nnames: ${Object.keys(benches).join(', ')}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}

console.error(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
)

for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  const load = benches[name]
  if (load === undefined) continue
  const bench = await load()
  console.error(`\n${bench.name}: ${bench.about}`)
  const results = await bench.run((line) => console.error(`  ${line}`))
  for (const result of results) console.error(`  ${sentence(result)}`)
  if (values.json) for (const result of results) console.log(JSON.stringify(result))
}

function sentence(result: BenchResult | DeadLine): string {
  if ('kind' in result) return deadSentence(result)
  const also = Object.entries(result.also ?? {}).map(([name, value]) => `; ${name} ${value}`)
  return `${result.bench}: ${result.ours} ${result.unit}, limit ${result.limit} (${result.limit_is}), ratio ${result.ratio}${also.join('')}`
}

function deadSentence({ kind, n, no_login_ms: login, no_session_ms: session, absent_ms: absent }: DeadLine): string {
  const text = (what: string, times: Percentiles | null) =>
    times === null ? [] : [`${what} after ${times.p50} ms (99 %: ${times.p99} ms)`]
  return `${kind}, ${n}: ${[...text('no login', login), ...text('no session', session), ...text('absent', absent)].join(', ')}`
}
