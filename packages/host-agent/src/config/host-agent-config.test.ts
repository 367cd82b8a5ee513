import { expect, test } from 'vitest'
import { ConfigError, parseHostAgentConfig } from './host-agent-config.ts'

const accounts = { passwd: 'app:x:1000:1001:::\n', group: 'app:x:1001:\nweb:x:33:\n' }

function faultsOf(value: unknown): readonly string[] {
  try {
    parseHostAgentConfig(value, accounts)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ at, detail }) => `${at}: ${detail}`)
    throw error
  }
  return []
}

test('nothing but defaults is a configuration', () => {
  expect(parseHostAgentConfig({}, accounts)).toMatchObject({
    socket: '/run/mayfly/agent.sock',
    socketMode: 0o666,
    graceSeconds: 0,
    files: [],
  })
})

test('an entry says what, where, whose and what then', () => {
  const entry = {
    name: 'orders',
    certificate: '/a/crt',
    key: '/a/key',
    mode: '0640',
    owner: 'app:web',
    after_change: { pid_file: '/run/app.pid' },
  }
  expect(parseHostAgentConfig({ files: [entry] }, accounts).files).toEqual([
    {
      name: 'orders',
      certificate: '/a/crt',
      key: '/a/key',
      bundle: undefined,
      jwt: [],
      credentials: [],
      mode: 0o640,
      owner: { uid: 1000, gid: 33 },
      afterChange: { kind: 'signal', pidFile: '/run/app.pid', signal: 'SIGHUP' },
    },
  ])
  const ownGroup = parseHostAgentConfig({ files: [{ ...entry, owner: 'app' }] }, accounts).files[0]
  expect(ownGroup?.owner).toEqual({ uid: 1000, gid: 1001 })
})

test('every fault is told at once', () => {
  expect(
    faultsOf({
      sokcet: '/a',
      socket: 'relative',
      grace_seconds: 1.5,
      key_file: '/k',
      token_file: '/t',
      files: [
        { name: 'a', certificate: '/x' },
        { name: 'a', bundle: '/x', owner: 'nobody-here', mode: '999' },
        { bundle: '/y', jwt: [{ path: '/z' }], after_change: { signal: 'SIGKILL' } },
        'text',
      ],
    }),
  ).toEqual([
    'sokcet: unrecognised (did you mean `socket`?)',
    'socket: must be an absolute path',
    'grace_seconds: must be a whole number from 0 to 3600',
    "files[1].mode: must be octal and a text: `'0600'`",
    'files[2].name: is missing',
    'files[2].jwt[0].audience: is missing',
    'files[2].after_change.signal: `SIGKILL` is not one of SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH',
    'files[3]: must be an object of named fields',
    'files[0]: `certificate` and `key` go together: give both, or neither',
    'files[1].owner: there is no `nobody-here` on this host',
    'files[2].after_change: give either `command` or `pid_file`',
    'files[1]: `/x` is written by `files[0]` too',
    'files[1].name: `a` is taken by `files[0]`',
    'token_file: is given beside `key_file`: give one of them',
  ])
  expect(faultsOf('text')).toEqual(['the file: must be an object of named fields'])
})
