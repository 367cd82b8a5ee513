/** Files and settings of a server of the test's own. Each call is over when new connections feel it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DurableCluster, giveToServer, makeTempDir, until, withClient } from '../../support/index.ts'
import type { CertificateFiles } from './make-certificate.ts'

export async function turnOnTls(cluster: DurableCluster, files: CertificateFiles): Promise<void> {
  const [certificate, key] = await placeFiles({ 'server.pem': files.certificatePem, 'server.key': files.keyPem })
  await changeSettings(cluster, [
    `alter system set ssl_cert_file = '${certificate}'`,
    `alter system set ssl_key_file = '${key}'`,
    'alter system set ssl = on',
  ])
}

/** @param pem absent: the server asks nobody for a certificate */
export async function trustClientsOf(cluster: DurableCluster, pem: string | undefined): Promise<void> {
  const [path = ''] = pem === undefined ? [] : await placeFiles({ 'clients.pem': pem })
  await changeSettings(cluster, [`alter system set ssl_ca_file = '${path}'`])
}

export async function useRules(cluster: DurableCluster, rules: readonly string[]): Promise<void> {
  const before = await loadedAt(cluster)
  await cluster.useHostBasedAuthentication(rules)
  await untilLoaded(cluster, before)
}

async function placeFiles(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const dir = await makeTempDir('tls')
  const paths = Object.entries(files).map(([name, text]) => ({ path: join(dir, name), text }))
  for (const { path, text } of paths) await writeFile(path, text, { mode: 0o600 })
  await giveToServer(...paths.map(({ path }) => path))
  return paths.map(({ path }) => path)
}

async function changeSettings(cluster: DurableCluster, statements: readonly string[]): Promise<void> {
  const before = await loadedAt(cluster)
  await withClient(cluster.url('postgres'), async (client) => {
    for (const statement of statements) await client.query(statement)
    await client.query('select pg_reload_conf()')
  })
  await untilLoaded(cluster, before)
}

/** A new session says when the server that it was forked from read its files. */
async function loadedAt(cluster: DurableCluster): Promise<string> {
  return withClient(cluster.url('postgres'), async (client) => {
    const { rows } = await client.query<{ at: string }>('select pg_conf_load_time()::text as at')
    return rows[0]?.at ?? ''
  })
}

async function untilLoaded(cluster: DurableCluster, before: string): Promise<void> {
  await until(async () => (await loadedAt(cluster)) !== before, { describe: 'the server reads its files again' })
}
