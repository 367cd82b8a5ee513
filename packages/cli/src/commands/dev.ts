/** `mayfly dev`: a server with everything in one directory, to try things out. */
import type { Command } from 'commander'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Cli } from '../cli.ts'
import { findDevDataDir } from '../dev-data-dir.ts'
import { addExamples } from '../examples.ts'
import { runServer } from '../run-server.ts'

interface DevOptions {
  readonly dataDir: string
  readonly listen?: string
}

export function addDevCommand(program: Command, cli: Cli): void {
  const dev = program
    .command('dev')
    .description('start a server with an embedded PostgreSQL, all in one directory')
    .option('--data-dir <dir>', 'where everything is kept', '.mayfly')
    .option(
      '--listen <host:port>',
      'where to listen (default: MAYFLY_LISTEN, else 127.0.0.1:7420; port 0 takes a free one)',
    )
  addExamples(dev, 'mayfly dev', 'mayfly dev --data-dir /srv/mayfly --listen 127.0.0.1:0')
  dev.action(async ({ dataDir, listen }: DevOptions) => {
    const dir = resolve(cli.cwd, dataDir)
    // The key lies beside the data here, though not in it: good enough to try things out.
    // Started as root, the database runs as another user, who must be able to enter; key and secret are closed files.
    if ((await mkdir(dir, { recursive: true })) !== undefined) await chmod(dir, 0o711)
    const bootstrapFile = cli.env['MAYFLY_BOOTSTRAP_FILE'] ?? join(dir, 'bootstrap')
    const databaseDir = await findDevDataDir(dir)
    const env = {
      MAYFLY_DATA_DIR: databaseDir,
      MAYFLY_KEK_FILE: join(dir, 'kek'),
      MAYFLY_BOOTSTRAP_FILE: bootstrapFile,
      MAYFLY_LOG_LEVEL: 'warn',
      ...cli.env,
      ...(listen !== undefined && { MAYFLY_LISTEN: listen }),
    }
    await runServer(cli, env, async ({ url }) => {
      cli.out.result({ url, data_dir: dir, bootstrap_file: bootstrapFile }, () => url)
      cli.out.say(`ready at ${url}; everything is kept in ${dir}`)
      if (!databaseDir.startsWith(dir))
        cli.out.say(`but for the files of the database: they are in ${env.MAYFLY_DATA_DIR}`)
      const isNew = await stat(bootstrapFile).then(
        () => true,
        () => false,
      )
      if (isNew) {
        cli.out.say('nobody has signed in yet; in another terminal:')
        cli.out.say(
          `  mayfly login --url ${url} --bootstrap-file ${bootstrapFile} --name 'Ada Lovelace' --email ada@example.com`,
        )
      } else cli.out.say(`sign in with the key of an administrator: mayfly whoami --url ${url}`)
      cli.out.say('stop it with Ctrl-C')
    })
  })
}
