/** `mayfly bundle …`: trust material as signed files, for sites and applications without a network. */
import { answerOf } from '@mayfly/client'
import {
  ageSeconds,
  checkTokenOffline,
  type OfflineBundle,
  type OfflineSectionName,
  readUnverifiedBundle,
  requireBundleAge,
  type TokenVerdict,
} from '@mayfly/domain'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { sha256 } from '../audit-log.ts'
import type { Cli } from '../cli.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatRecord, formatTable } from '../format-table.ts'
import { openBundleFile, readBundleFile, tokenCrypto, writeBundleFile } from '../offline-bundle.ts'
import { formatDuration, parseDuration } from '../parse-duration.ts'
import { collect } from '../parse-pairs.ts'
import { UsageError } from '../usage-error.ts'

/** As a server that is told no other. */
const defaultMaxAge = '7d'

export function addBundleCommands(program: Command, cli: Cli): void {
  const group = program
    .command('bundle')
    .description('offline bundles: what is needed to check proofs without a network, as signed files')
  addExport(group, cli)
  addImport(group, cli)
  addKey(group, cli)
  addVerify(group, cli)
  addShow(group, cli)
  addCheckToken(group, cli)
}

function addExport(group: Command, cli: Cli): void {
  const command = group
    .command('export')
    .description("take along this site's keys, lists and checkpoint as one signed file")
    .requiredOption('-o, --output <file>', 'where to; it appears whole or not at all')
  addExamples(command, 'mayfly bundle export -o depot.bundle')
  command.action(async ({ output }: { output: string }) => {
    const { api } = await cli.connect()
    const bytes = new Uint8Array(await answerOf(api.GET('/v1/offline-bundle', { parseAs: 'arrayBuffer' })))
    // What could not be read again must not be carried to a place where nobody can ask for another.
    const { bundle } = readUnverifiedBundle(sha256, bytes)
    const file = resolve(cli.cwd, output)
    await writeBundleFile(file, bytes)
    cli.out.result({ file, size_bytes: bytes.length, ...summaryOf(bundle) }, formatSummary)
  })
}

function addImport(group: Command, cli: Cli): void {
  const command = group
    .command('import')
    .description('bring the file of another site to this server')
    .argument('<file>', 'the file')
    .requiredOption('--site <ref>', 'the offline site that it is of, id or name')
  addExamples(command, 'mayfly bundle import depot.bundle --site depot')
  command.action(async (path: string, { site }: { site: string }) => {
    const bytes = await readBundleFile(resolve(cli.cwd, path))
    const { api } = await cli.connect()
    cli.out.progress(`sending ${bytes.length} bytes`)
    const bundle = Buffer.from(bytes).toString('utf8')
    const imported = await answerOf(
      api.POST('/v1/offline-sites/{ref}/imports', { params: { path: { ref: site } }, body: { bundle } }),
    )
    cli.out.say(imported.entry === null ? 'the very same was imported before: nothing has changed' : 'imported')
    cli.out.result(imported, formatRecord)
  })
}

function addKey(group: Command, cli: Cli): void {
  const command = group
    .command('key')
    .description('print the key that signs the bundles of this site, for the other site to pin')
  addExamples(command, 'mayfly bundle key')
  command.action(async () => {
    const { api } = await cli.connect()
    const described = await answerOf(api.GET('/v1/offline-bundle/keys'))
    cli.out.say(`the origin is \`${described.origin}\`; compare the key on another way than the one that files take`)
    for (const { vkey, state } of described.keys) if (state !== 'active') cli.out.say(`${state}: ${vkey}`)
    cli.out.result(described, ({ keys }) =>
      keys.flatMap(({ vkey, state }) => (state === 'active' ? [vkey] : [])).join('\n'),
    )
  })
}

interface KeyOptions {
  readonly key: readonly string[]
  readonly maxAge?: string
}

function withKeys(command: Command): Command {
  return command
    .argument('<file>', 'the file')
    .requiredOption('--key <key>', 'a key that is believed for its site; several times', collect)
}

function addVerify(group: Command, cli: Cli): void {
  const command = withKeys(
    group.command('verify').description('check who signed a file and that it is whole, without a server'),
  ).option('--max-age <span>', 'refuse what is older')
  addExamples(command, 'mayfly bundle verify depot.bundle --key "$KEY" --max-age 7d')
  command.action(async (path: string, { key, maxAge }: KeyOptions) => {
    const { bundle, signedBy } = await openBundleFile(resolve(cli.cwd, path), key)
    if (maxAge !== undefined) requireBundleAge(bundle.madeAt, parseDuration(maxAge), cli.now())
    const value = { verified: true, signed_by: signedBy.map(nameKey), ...describe(bundle, cli.now()) }
    cli.out.result(value, () => `the offline bundle verifies\n${describeText(bundle, cli.now())}`)
  })
}

function addShow(group: Command, cli: Cli): void {
  const command = group
    .command('show')
    .description('show what a file says, without believing it')
    .argument('<file>', 'the file')
  addExamples(command, 'mayfly bundle show depot.bundle')
  command.action(async (path: string) => {
    const { bundle, signatures } = readUnverifiedBundle(sha256, await readBundleFile(resolve(cli.cwd, path)))
    cli.out.say('who signed it was not checked; `mayfly bundle verify` does')
    const value = { verified: false, signatures: signatures.map(nameKey), ...describe(bundle, cli.now()) }
    cli.out.result(value, () => describeText(bundle, cli.now()))
  })
}

function addCheckToken(group: Command, cli: Cli): void {
  const command = withKeys(
    group
      .command('check-token')
      .description('check a token from standard input with nothing but a file; exit code 1 where it is refused'),
  )
    .requiredOption('--audience <text>', 'whom the token must be for, exactly')
    .option('--max-age <span>', 'how old keys and lists may be', defaultMaxAge)
  addExamples(command, 'mayfly bundle check-token depot.bundle --key "$KEY" --audience https://api.example < token')
  command.action(async (path: string, options: KeyOptions & { audience: string; maxAge: string }) => {
    const { bundle } = await openBundleFile(resolve(cli.cwd, path), options.key)
    const token = (await cli.readStdin()).trim()
    if (token === '') throw new UsageError('no token came on standard input', 'write `… < token`')
    const verdict = checkTokenOffline(tokenCrypto, bundle, {
      token,
      audience: options.audience,
      now: cli.now(),
      maxAgeSeconds: parseDuration(options.maxAge),
    })
    cli.out.result(verdictWire(verdict), () => verdictText(verdict))
    if (verdict.outcome === 'refused') cli.exitWith(exitCodes.failed)
  })
}

function summaryOf(bundle: OfflineBundle) {
  return {
    origin: bundle.origin,
    trust_domain: bundle.trustDomain,
    sequence: bundle.sequence,
    made_at: bundle.madeAt.toISOString(),
    digest: bundle.digest,
    sections: Object.keys(bundle.sections),
  }
}

function formatSummary(summary: Readonly<Record<string, unknown>>): string {
  return formatRecord(summary)
}

function describe(bundle: OfflineBundle, now: Date) {
  return {
    ...summaryOf(bundle),
    age_seconds: ageSeconds(bundle.madeAt, now),
    keys: bundle.keys,
    sections: sectionsOf(bundle).map(({ name, items, madeAt, nextUpdate }) => ({
      name,
      items,
      made_at: madeAt.toISOString(),
      age_seconds: ageSeconds(madeAt, now),
      next_update: nextUpdate.toISOString(),
    })),
  }
}

function describeText(bundle: OfflineBundle, now: Date): string {
  const { sections: _names, ...summary } = summaryOf(bundle)
  const table = formatTable(
    ['section', 'items', 'made_at', 'age', 'next_update'],
    sectionsOf(bundle).map(({ name, items, madeAt, nextUpdate }) => [
      name,
      items,
      madeAt.toISOString(),
      formatDuration(ageSeconds(madeAt, now)),
      nextUpdate.toISOString(),
    ]),
  )
  return `${formatRecord({ ...summary, keys: bundle.keys })}\n\n${table}`
}

function sectionsOf({ sections }: OfflineBundle) {
  return (Object.keys(sections) as OfflineSectionName[]).flatMap((name) => {
    const section = sections[name]
    if (section === undefined) return []
    return [{ ...section, name, items: 'items' in section ? section.items.length : 1 }]
  })
}

function nameKey({ name, keyId }: { readonly name: string; readonly keyId: string }): string {
  return `${name}+${keyId}`
}

function verdictWire(verdict: TokenVerdict) {
  if (verdict.outcome === 'refused') return verdict
  return {
    outcome: verdict.outcome,
    subject: verdict.subject,
    issuer: verdict.issuer,
    expires_at: verdict.expiresAt.toISOString(),
    key_id: verdict.keyId ?? null,
    keys_made_at: verdict.keysMadeAt.toISOString(),
    status_made_at: verdict.statusMadeAt?.toISOString() ?? null,
    not_known: verdict.notKnown,
  }
}

function verdictText(verdict: TokenVerdict): string {
  if (verdict.outcome === 'refused') return `the token is refused: ${verdict.detail} (${verdict.reason})`
  return [
    'the token is accepted',
    `  it is \`${verdict.subject}\` of \`${verdict.issuer}\`, until ${verdict.expiresAt.toISOString()}`,
    ...verdict.notKnown.map((what) => `  not known: ${what}`),
  ].join('\n')
}
