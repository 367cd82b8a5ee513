/** `mayfly join-token …` and `mayfly join`: how a machine that has no proof yet gets one. */
import { createHash } from 'node:crypto'
import { answerOf, createMayflyClient, ProblemError, signCompactJwt } from '@mayfly/client'
import { loginFileOf, makeBoundKey, publicJwkOf, saveBoundKey, UsageError } from '@mayfly/client/login'
import { access, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { findUrl } from '../connect.ts'
import { addExamples } from '../examples.ts'
import { formatRecord, formatTable, formatValue } from '../format-table.ts'
import { addPageOptions, listPages, type PageOptions } from '../list-pages.ts'
import { parseDuration } from '../parse-duration.ts'
import { readText } from '../read-text.ts'

const proofLifeSeconds = 120

export function addJoinCommands(program: Command, cli: Cli): void {
  const group = program
    .command('join-token')
    .description('join tokens: with one of them one machine registers its key, once')
  addCreate(group, cli)
  addList(group, cli)
  addCancel(group, cli)
  addJoin(program, cli)
}

interface CreateOptions {
  readonly identity: string
  readonly trustProvider?: string
  readonly becomes?: string
  readonly ttl?: string
}

function addCreate(group: Command, cli: Cli): void {
  const create = group
    .command('create')
    .description('make a join token, and print it: it is shown this once')
    .requiredOption('--identity <ref>', 'the identity that the machine becomes')
    .option('--trust-provider <name>', 'the trust provider of kind `join_token` under which it is made')
    .option('--becomes <name>', 'without one: the trust provider of kind `bound_key` for its key')
    .option('--ttl <span>', 'how long it counts (default: 10m, or what the trust provider allows)')
  addExamples(create, 'mayfly join-token create --identity edge-box-7 --trust-provider joins --ttl 5m')
  create.action(async ({ identity, trustProvider, becomes, ttl }: CreateOptions) => {
    if ((trustProvider === undefined) === (becomes === undefined)) {
      throw new UsageError('give `--trust-provider` or `--becomes`, and only one of them')
    }
    const { api } = await cli.connect()
    const body = {
      identity,
      ...(trustProvider === undefined ? {} : { trust_provider: trustProvider }),
      ...(becomes === undefined ? {} : { becomes }),
      ...(ttl !== undefined && { ttl_seconds: parseDuration(ttl) }),
    }
    const made = await answerOf(api.POST('/v1/join-tokens', { body }))
    cli.out.result(made, ({ token }) => token)
    cli.out.say(`it joins one machine as \`${made.identity}\`, until ${made.expires_at}`)
  })
}

function addList(group: Command, cli: Cli): void {
  const list = group
    .command('list')
    .description('list join tokens, never their text')
    .option('--identity <ref>', 'only those')
    .addOption(new Option('--state <state>', 'only those').choices(['active', 'used', 'cancelled']))
  addPageOptions(list)
  addExamples(list, 'mayfly join-token list --state active')
  list.action(async ({ identity, state, ...page }: PageOptions & { identity?: string; state?: string }) => {
    const { api } = await cli.connect()
    const columns = ['join_token_id', 'identity', 'trust_provider', 'becomes', 'state', 'expires_at', 'binding_id']
    cli.out.result(await listPages(api, '/v1/join-tokens', { identity, state }, page), ({ items }) =>
      formatTable(
        columns,
        items.map((item) => columns.map((name) => formatValue(item[name]))),
      ),
    )
  })
}

function addCancel(group: Command, cli: Cli): void {
  const cancel = group
    .command('cancel')
    .description('take back a join token that was not used')
    .argument('<id>', 'its id')
  addExamples(cancel, 'mayfly join-token cancel 0197a3c2-7b1e-7c55-8d1f-0a1b2c3d4e5f')
  cancel.action(async (id: string) => {
    const { api } = await cli.connect()
    const init = { params: { path: { id } }, body: {} }
    cli.out.result(await answerOf(api.POST('/v1/join-tokens/{id}/cancel', init)), formatRecord)
  })
}

function addJoin(program: Command, cli: Cli): void {
  const join = program
    .command('join')
    .description('make a key for this machine and register it with a join token')
    .requiredOption('--join-token-file <file>', 'the file that holds the join token; `-` reads standard input')
    .requiredOption('--new-key <file>', 'where the private key is written, for its owner only')
  addExamples(join, 'mayfly join --url https://mayfly.example.com --join-token-file - --new-key edge-box.jwk')
  join.action(async ({ newKey, joinTokenFile }: { newKey: string; joinTokenFile: string }) => {
    const url = await findUrl(cli.env, cli.options())
    const path = resolve(cli.cwd, newKey)
    await requireAbsent(path)
    const token = (await readText(cli, joinTokenFile)).trim()
    if (token === '') throw new UsageError(`\`${joinTokenFile}\` holds no join token`)
    const key = makeBoundKey()
    // First the key, then its registration: the other way round a crash between them would lose the machine.
    await saveBoundKey(path, key)
    const iat = Math.floor(cli.now().getTime() / 1000)
    const digest = createHash('sha256').update(token).digest('base64url')
    const claims = { aud: url, token_digest: digest, iat, exp: iat + proofLifeSeconds }
    const proof = signCompactJwt(key, 'mayfly-join+jwt', claims)
    const body = { token, public_jwk: { ...publicJwkOf(key) }, proof }
    const joined = await answerOf(createMayflyClient({ baseUrl: url }).POST('/v1/join', { body })).catch(
      async (error: unknown) => {
        // Where no answer came, the server may have taken the key: it stays.
        if (error instanceof ProblemError && error.status > 0) await rm(path, { force: true })
        throw error
      },
    )
    cli.out.result({ url, identity: joined.client_id, binding_id: joined.binding_id, key_file: path }, formatRecord)
    cli.out.say(`it proves itself with \`--as ${joined.client_id} --key-file ${newKey}\``)
    if (joined.login === 'challenge')
      cli.out.say(`its logins are counted in ${loginFileOf(path)}: keep it with the key`)
  })
}

async function requireAbsent(path: string): Promise<void> {
  const present = await access(path).then(
    () => true,
    () => false,
  )
  if (present) throw new UsageError(`\`${path}\` is there already`, 'name a file that is not')
}
