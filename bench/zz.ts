import { newId } from '@mayfly/domain'
import pg from 'pg'
import { postgresProvider } from '@mayfly/provider-postgres'
import { startBenchTarget, group } from './postgres-target.ts'
const bench = await startBenchTarget(18, { scram_iterations: 16 })
const admin = new pg.Client(bench.superuser); await admin.connect()
await admin.query("alter system set session_preload_libraries='auto_explain'"); await admin.query("alter system set auto_explain.log_min_duration=300"); await admin.query("alter system set auto_explain.log_nested_statements=on"); await admin.query("alter system set auto_explain.log_analyze=off"); await admin.query("alter system set log_min_messages='log'"); await admin.query('select pg_reload_conf()')
const signal = new AbortController().signal
const exp = () => new Date(Date.now() + 3600000)
async function round(n: number) {
  const hs = Array.from({ length: n }, () => postgresProvider.plan(newId()))
  const it = hs.values()
  await Promise.all(Array.from({ length: 8 }, async () => { for (const h of it) await bench.target.issue(h, { permission: { member_of: [group] }, parameters: {}, expiresAt: exp(), createDeadlineAt: exp() }, signal) }))
  const s = performance.now(); let cut = 0
  await bench.target.revoke(hs, { cut: async () => { cut = performance.now() - s }, removed: async () => {}, pending: async (_h, r) => { throw new Error(r) } }, signal)
  return [Math.round(cut), Math.round(performance.now() - s)]
}
for (let i = 0; i < 60; i++) await round(1)
for (let i = 0; i < 4; i++) console.log(await round(1000))
console.log((await admin.query("show data_directory")).rows[0])
await bench.close(); await admin.end().catch(() => {})
