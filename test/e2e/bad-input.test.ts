import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findFreePort } from '../support/index.ts'
import { type DevWorld, startDevWorld } from './dev-world.ts'

/** Every refusal: one line that names what is wrong, one that names the fix, an exit code that a script can rely on. */
describe('bad input', { timeout: 90_000 }, () => {
  let world: DevWorld
  beforeAll(async () => {
    world = await startDevWorld('bad-input')
  }, 90_000)
  afterAll(() => world?.[Symbol.asyncDispose]())

  test.each([
    { args: ['idenity', 'list'], says: 'unknown command `idenity`', hint: 'did you mean `identity`?' },
    { args: ['identity', 'list', '--jsno'], says: 'unknown option `--jsno`', hint: 'did you mean `--json`?' },
    { args: ['issue'], says: 'missing required argument `resource/role`', hint: '--help' },
    { args: ['run', '--role', 'a/b'], says: 'missing required argument `command`', hint: '--help' },
    {
      args: ['identity', 'list', '--state', 'alive'],
      says: 'Allowed choices are active, suspended, retired',
      hint: '',
    },
    { args: ['issue', 'a/b', '--for', '15 minutes'], says: '`15 minutes` is not a span of time', hint: '`15m`' },
    { args: ['role', 'add', 'readonly'], says: '`readonly` does not name a role', hint: '`orders-db/readonly`' },
    { args: ['whoami', '--url', 'mayfly.example.com'], says: 'is not the address of a server', hint: 'https://' },
    { args: ['whoami', '--url', 'http://mayfly.example.com'], says: 'is not encrypted', hint: 'https://' },
    { args: ['whoami', '--as', 'orders-api'], says: 'how `orders-api` proves itself', hint: '--key-file' },
    { args: ['whoami', '--key-file', 'x.jwk'], says: '`--key-file` needs the identity', hint: '--as' },
    { args: ['apply', '-f', 'nowhere.yaml'], says: '`nowhere.yaml` cannot be read: there is no such file', hint: '' },
    { args: ['trace', 'credential', 'abc'], says: '`abc` is not the id of a credential', hint: '' },
  ])('$args: $says', async ({ args, says, hint }) => {
    const ran = await world.mayfly(args)
    expect(ran.code, ran.stderr).toBe(2)
    expect(ran.stdout).toBe('')
    expect(ran.stderr).toMatch(/^mayfly: error: /)
    expect(ran.stderr).toContain(says)
    expect(ran.stderr).toContain(hint)
  })

  test('a secret as an argument is refused, and not repeated', async () => {
    const ran = await world.mayfly(
      ['resource', 'add', 'db', '--provider', 'postgres', '--environment', 'staging', '--reach', 'data'].concat([
        '--data-class',
        'internal',
        '--exposure',
        'internal',
        '--owner',
        'x',
        '--secret',
        'password=hunter2',
      ]),
    )
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('`NAME=env:VARIABLE`')
    expect(ran.stderr).not.toContain('hunter2')
  })

  test('a server that is not there: try again later', async () => {
    const port = await findFreePort()
    const ran = await world.mayfly([
      'whoami',
      '--url',
      `http://127.0.0.1:${port}`,
      '--as',
      'x',
      '--key-file',
      await aKey(world),
    ])
    expect(ran.code).toBe(4)
    expect(ran.stderr).toMatch(
      new RegExp(`error: no server listens at 127\\.0\\.0\\.1:${port}\nmayfly: hint: start one`),
    )
  })

  test('what answers is no Mayfly server', async () => {
    const other = createServer((_request, response) => response.end('<html>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
      const ran = await world.mayfly(['whoami', '--url', url, '--as', 'x', '--key-file', await aKey(world)])
      expect(ran.code).toBe(2)
      expect(ran.stderr).toContain('calls itself')
    } finally {
      other.close()
    }
  })

  test('a server that does not answer can be left with Ctrl-C', async () => {
    const asked = Promise.withResolvers<void>()
    const silent = createServer(() => asked.resolve())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
      const command = world.start(['whoami', '--url', url, '--as', 'x', '--key-file', await aKey(world)])
      await asked.promise
      command.child.kill('SIGINT')
      const ended = await command.ended
      expect(ended.code, '128 + 2, as a shell tells it').toBe(130)
      expect(ended.stderr).toBe('mayfly: error: interrupted\n')
    } finally {
      silent.closeAllConnections()
      silent.close()
    }
  })

  test('a key that the server does not know, and one that others may read', async () => {
    const keyFile = await aKey(world)
    const refused = await world.mayfly(['identity', 'list', '--as', 'nobody', '--key-file', keyFile])
    expect(refused.code, refused.stderr).toBe(3)
    expect(refused.stderr).toMatch(/error: .*\(invalid_client\)/)
    await chmod(keyFile, 0o644)
    const open = await world.mayfly(['identity', 'list', '--as', 'nobody', '--key-file', keyFile])
    expect(open.code).toBe(2)
    expect(open.stderr).toContain(`hint: run \`chmod 600 ${keyFile}\``)
  })

  test('a wrong field: the server names it, the command shows it', async () => {
    const ran = await world.mayfly(['owner', 'add', 'Not A Name', '--contact', '#x', '--primary', 'ada@example.com'])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('(request_invalid)')
    expect(ran.stderr).toMatch(/\n {2}`\/name`: /)
  })

  test('a manifest: every fault at once, with its line, and no password in the file', async () => {
    await writeFile(
      `${world.dir}/registry.yaml`,
      'version: 2\nresources:\n  - name: db\n    secret:\n      username: mayfly\n      password: hunter2\nonwers: []\n',
    )
    const ran = await world.mayfly(['apply', '-f', 'registry.yaml', '--plan'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('registry.yaml:1: `/version` must be 1')
    expect(ran.stderr).toContain('registry.yaml:6: `/resources/0/secret/password` is written out')
    expect(ran.stderr).toContain('`/onwers` is not a section')
    expect(ran.stderr).not.toContain('hunter2')
  })

  test('with --json a refusal leaves standard output empty', async () => {
    const ran = await world.mayfly(['identity', 'show', 'nobody', '--json'])
    expect([ran.code, ran.stdout]).toEqual([1, ''])
    expect(ran.stderr).toContain('(resource_not_found)')
  })

  test('a configuration: every fault at once, misspellings included, and nothing starts', async () => {
    const env = { MAYFLY_LISTN: '127.0.0.1:1', MAYFLY_DATABASE_POOL_SIZE: 'many' }
    const checked = await world.mayfly(['server', '--check-config'], { env })
    expect(checked.code).toBe(1)
    expect(checked.stdout).toContain('unrecognised key `MAYFLY_LISTN` (did you mean `MAYFLY_LISTEN`?)')
    expect(checked.stdout).toContain('`MAYFLY_DATABASE_POOL_SIZE`')
    const started = await world.mayfly(['server'], { env })
    expect(started.code).toBe(2)
    expect(started.stderr).toContain('`MAYFLY_LISTN`')
    expect((await world.mayfly(['server', '--check-config'])).stdout, 'control').toBe('configuration is usable\n')
  })

  test('the completion script is one that the shell takes', async () => {
    const script = await world.mayfly(['completion', 'bash'])
    expect(script.stdout).toContain("'task declare')")
    await writeFile(`${world.dir}/completion.bash`, script.stdout)
    expect(await readFile(`${world.dir}/completion.bash`, 'utf8')).toContain('complete -F _mayfly mayfly')
  })
})

/** Of an identity that the server does not know. */
async function aKey(world: DevWorld): Promise<string> {
  const file = `${world.dir}/unknown-${Math.random().toString(36).slice(2)}.jwk`
  const { generateKeyPairSync } = await import('node:crypto')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(file, JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: 0o600 })
  return file
}
