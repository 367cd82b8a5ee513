/** `mayfly audit …`: check the log with no trust in the database, copy it, and prove single entries. */
import { answerOf, type components } from '@mayfly/client'
import { copyLog, type LogReader, type LogReport, parseVerifierKey, verifyLog } from '@mayfly/domain'
import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { directoryReader, directoryWriter, knowLog, openKnownLog, saveLog, serverReader, sha256 } from '../audit-log.ts'
import type { Cli } from '../cli.ts'
import { findUrl } from '../connect.ts'
import { addExamples } from '../examples.ts'
import { exitCodes } from '../exit-codes.ts'
import { openBundleFile } from '../offline-bundle.ts'
import { formatMs } from '../parse-duration.ts'
import { findRememberedLog, forgetLog, type RememberedLog } from '../profile.ts'
import { collect } from '../parse-pairs.ts'
import { UsageError } from '../usage-error.ts'

interface VerifyOptions {
  readonly state?: true
  readonly export?: string
  readonly checkpointFile?: string
  readonly vkey?: readonly string[]
  readonly bundle?: string
  readonly bundleKey?: readonly string[]
  readonly forget?: true
}

export function addAuditCommands(program: Command, cli: Cli): void {
  const group = program.command('audit').description('the audit log: verify it, copy it, prove an entry')
  const check = group
    .command('verify')
    .description('check the whole log from its entries up, and that it continues what was seen before')
    .option('--state', 'also let the server hold every row against the entries')
    .option('--export <dir>', 'check a copy made by `mayfly audit export`, without a server')
    .option('--vkey <key>', "the log's verifier key, from elsewhere than the log; several times", collect)
    .option('--checkpoint-file <file>', 'a checkpoint from before (default: the one of the last verification)')
    .option('--bundle <file>', 'take checkpoint and keys of the log from an offline bundle; needs `--bundle-key`')
    .option('--bundle-key <key>', 'a key that is believed for the site of the bundle; several times', collect)
    .option('--forget', 'take keys and checkpoint from the server anew, believing nothing remembered')
  addExamples(
    check,
    'mayfly audit verify',
    'mayfly audit verify --state',
    'mayfly audit verify --export ./log --checkpoint-file last-week.checkpoint',
    'mayfly audit verify --bundle last-week.bundle --bundle-key "$KEY"',
  )
  check.action(async (options: VerifyOptions) => {
    if (options.export !== undefined) return verifyExport(cli, options, options.export)
    await verifyServer(cli, options)
  })

  const copy = group
    .command('export')
    .description('copy the log into a directory (docs/formats/export.md); run again it takes up what is new')
    .argument('<dir>', 'where to')
  addExamples(copy, 'mayfly audit export ./log')
  copy.action(async (dir: string) => {
    const connection = await cli.connect()
    const { origin, verifiers } = openKnownLog(await knowLog(cli, connection))
    const directory = resolve(cli.cwd, dir)
    const reader = serverReader(connection, cli.signal)
    const { size } = await copyLog(reader, directoryWriter(directory), { origin, verifiers }, cli.signal)
    cli.out.result({ directory, size, origin }, () => `${size} entries in ${directory}`)
  })

  const proof = group
    .command('proof')
    .description('print the proof that an entry is in the log (C2SP tlog-proof)')
    .argument('<entry>', 'id of the entry')
  addExamples(proof, 'mayfly audit proof 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f > entry.tlog-proof')
  proof.action(async (id: string) => {
    const { api } = await cli.connect()
    const text = await answerOf(api.GET('/v1/audit/entries/{id}/proof', { params: { path: { id } }, parseAs: 'text' }))
    cli.out.result({ entry_id: id, proof: text }, () => text)
  })
}

async function verifyServer(cli: Cli, options: VerifyOptions): Promise<void> {
  const connection = await cli.connect()
  if (options.forget) await forgetLog(cli.env, connection.url)
  const known = await withGiven(cli, await knowLog(cli, connection), options)
  const reader = serverReader(connection, cli.signal)
  // One checkpoint for the whole run: the log goes on growing meanwhile.
  const checkpoint = await reader('checkpoint')
  const pinned: LogReader = async (path) => (path === 'checkpoint' ? checkpoint : reader(path))
  const report = await verify(cli, pinned, known)
  // As long as the log is: only the person who waits for it limits it.
  const state = options.state
    ? await answerOf(
        connection.api.GET('/v1/audit/state', { fetch: (request) => fetch(request, { signal: cli.signal }) }),
      )
    : undefined
  if (report.findingCount === 0 && checkpoint !== undefined) await saveLog(cli, connection, known, checkpoint)
  tell(cli, known, report, state)
}

async function verifyExport(cli: Cli, options: VerifyOptions, dir: string): Promise<void> {
  if (options.state) throw new UsageError('`--state` needs the server: a copy has no rows', 'leave `--export` out')
  const url = await findUrl(cli.env, cli.options())
  const remembered = await findRememberedLog(cli.env, url)
  if (remembered === undefined && options.vkey === undefined && options.bundle === undefined) {
    throw new UsageError(
      'it is not known which keys sign the log',
      'give `--vkey KEY`, or run `mayfly audit verify` once against the server',
    )
  }
  const known = await withGiven(cli, remembered ?? { origin: '', keys: [] }, options)
  tell(cli, known, await verify(cli, directoryReader(resolve(cli.cwd, dir)), known))
}

/** What was brought along counts in place of what is remembered or told. */
async function withGiven(
  cli: Cli,
  log: RememberedLog,
  { vkey, checkpointFile, bundle, bundleKey }: VerifyOptions,
): Promise<RememberedLog> {
  if (bundle !== undefined) {
    if (vkey !== undefined || checkpointFile !== undefined) {
      throw new UsageError('`--bundle` brings checkpoint and keys', 'leave `--vkey` and `--checkpoint-file` out')
    }
    return logOfBundle(resolve(cli.cwd, bundle), bundleKey ?? [])
  }
  const [first] = vkey ?? []
  const given = first === undefined ? log : { ...log, origin: parseVerifierKey(sha256, first).name, keys: vkey ?? [] }
  if (checkpointFile === undefined) return given
  const checkpoint = await readFile(resolve(cli.cwd, checkpointFile), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`the checkpoint file \`${checkpointFile}\` cannot be read (${cause.code ?? cause.message})`)
  })
  return { ...given, checkpoint }
}

/** A bundle that a believed key signed speaks for the log of its site as of then. */
async function logOfBundle(path: string, keys: readonly string[]): Promise<RememberedLog> {
  if (keys.length === 0) throw new UsageError('it is not known who signs the bundle', 'give `--bundle-key KEY`')
  const { sections } = (await openBundleFile(path, keys)).bundle
  const [first] = sections.checkpoint?.keys ?? []
  if (sections.checkpoint === undefined || first === undefined) {
    throw new UsageError(`the offline bundle \`${path}\` carries no checkpoint`)
  }
  return {
    origin: parseVerifierKey(sha256, first).name,
    keys: sections.checkpoint.keys,
    checkpoint: sections.checkpoint.note,
  }
}

async function verify(cli: Cli, read: LogReader, known: RememberedLog): Promise<LogReport> {
  const { origin, verifiers, remembered } = openKnownLog(known)
  const startedMs = performance.now()
  const report = await verifyLog(sha256, read, {
    origin,
    verifiers,
    ...(remembered !== undefined && { remembered }),
    now: cli.now(),
    onProgress: (checked, total) => cli.out.progress(`${checked} of ${total} entries checked`),
  })
  cli.out.say(`${report.entriesChecked} entries checked in ${formatMs(performance.now() - startedMs)}`)
  return report
}

type StateReport = components['schemas']['StateReport']

function tell(cli: Cli, known: RememberedLog, report: LogReport, state?: StateReport): void {
  const { findings, findingCount, checkpoint } = report
  const verified = findingCount === 0 && state?.explained !== false
  const value = {
    verified,
    origin: known.origin,
    size: checkpoint?.size ?? null,
    root: checkpoint === undefined ? null : Buffer.from(checkpoint.root).toString('base64'),
    compared_with: known.checkpoint === undefined ? null : sizeOf(known),
    entries_checked: report.entriesChecked,
    finding_count: findingCount,
    findings,
    ...(state !== undefined && { state }),
  }
  cli.out.result(value, () =>
    [
      findingCount === 0 ? 'the log verifies' : `the log does NOT verify: ${findingCount} findings`,
      `  ${value.size ?? 0} entries, root ${value.root ?? '-'}, origin ${known.origin}`,
      value.compared_with === null
        ? '  nothing was remembered to compare with; it is now'
        : `  continues the remembered log of ${value.compared_with} entries`,
      ...findings.map(({ kind, detail }) => `  ${kind}: ${detail}`),
      ...(state === undefined ? [] : describeState(state)),
    ]
      .filter((line) => findingCount === 0 || !line.startsWith('  continues'))
      .join('\n'),
  )
  if (!verified) cli.exitWith(exitCodes.failed)
}

function describeState({
  explained,
  rows_checked: rows,
  finding_count: count,
  state_findings: findings,
  log_findings: log,
}: StateReport): string[] {
  return [
    explained
      ? `every one of ${rows} rows is as the entries say`
      : `the state is NOT explained: ${count} findings in ${rows} rows`,
    ...log.map(({ kind, detail }) => `  ${kind}: ${detail}`),
    ...findings.map(({ kind, table, id, detail }) => `  ${kind}: ${table} ${id}: ${detail}`),
  ]
}

function sizeOf(known: RememberedLog): number | null {
  const { remembered } = openKnownLog(known)
  return remembered?.size ?? null
}
