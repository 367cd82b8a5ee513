/** docs/guides/without-a-network.md, followed at two sites: the plant, and a depot whose network is cut. */
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeOfflineSite } from '../integration/offline/make-offline-site.ts'
import { makeTempDir, until } from '../support/index.ts'
import { type CutOffNetwork, openCutOffNetwork } from './cut-off-network.ts'
import { cleanEnvironment, type Ran, type RunningCommand, startMayfly, startProcess } from './run-mayfly.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const guide = await readFile(here('../../docs/guides/without-a-network.md'), 'utf8')
const week = 7 * 86_400

interface Site {
  readonly url: string
  readonly dir: string
  readonly within: readonly string[]
  readonly server: RunningCommand
  /** Runs a command there. */
  mayfly(args: readonly string[], more?: { env?: Record<string, string>; stdin?: string }): Promise<Ran>
  sh(script: string): Promise<Ran>
  /** Moves the clock of the server, and of the commands that come after. */
  forward(seconds: number): Promise<void>
}

let network: CutOffNetwork
let plant: Site
let depot: Site

async function startSite(name: string, within: readonly string[] = []): Promise<Site> {
  const dir = await makeTempDir(name)
  await mkdir(`${dir}/server`)
  // Started as root, the database runs as another user, who must be able to enter.
  await chmod(`${dir}/server`, 0o711)
  let forwardSeconds = 0
  const bare = cleanEnvironment(dir)
  const server = startProcess(process.execPath, [here('site-process.ts')], {
    cwd: dir,
    within,
    keepStdinOpen: true,
    env: {
      ...bare,
      MAYFLY_LISTEN: '127.0.0.1:0',
      MAYFLY_DATA_DIR: `${dir}/server/data`,
      MAYFLY_KEK_FILE: `${dir}/server/kek`,
      MAYFLY_BOOTSTRAP_FILE: `${dir}/server/bootstrap`,
      MAYFLY_TRUST_DOMAIN: `${name}.example`,
      MAYFLY_LOG_LEVEL: 'warn',
    },
  })
  const lines = () => server.stdout().split('\n').length - 1
  const said = (count: number, describe_: string) =>
    until(
      () => {
        if (server.child.exitCode !== null) throw new Error(`${name} ended:\n${server.stderr()}`)
        return lines() >= count || undefined
      },
      { describe: describe_, withinMs: 60_000 },
    )
  await said(1, `${name} tells its address`)
  const url = server.stdout().split('\n')[0] ?? ''
  const env = () => ({
    ...bare,
    MAYFLY_URL: url,
    ...(forwardSeconds > 0 && {
      FORWARD_SECONDS: String(forwardSeconds),
      NODE_OPTIONS: `--import=${new URL('forward-clock.mjs', import.meta.url).href}`,
    }),
  })
  const site: Site = {
    url,
    dir,
    within,
    server,
    mayfly: (args, more = {}) =>
      startMayfly(args, {
        cwd: dir,
        within,
        env: { ...env(), ...more.env },
        ...(more.stdin !== undefined && { stdin: more.stdin }),
      }).ended,
    sh: (script) => startProcess('/bin/sh', ['-c', `set -e\n${script}`], { cwd: dir, within, env: env() }).ended,
    async forward(seconds) {
      const before = lines()
      server.child.stdin?.write(`forward ${seconds}\n`)
      forwardSeconds += seconds
      await said(before + 1, `the clock of ${name} is moved`)
    },
  }
  const login = ['login', '--bootstrap-file', `${dir}/server/bootstrap`, '--name', 'Ada Lovelace']
  expectDone(await site.mayfly([...login, '--email', 'ada@example.com']))
  return site
}

function expectDone(ran: Ran): Ran {
  expect(ran.code, `${ran.stdout}\n${ran.stderr}`).toBe(0)
  return ran
}

/** The commands of the guide, heading by heading, with the true addresses of both. */
function commandsUnder(heading: string): string {
  const section = guide.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  expect(blocks.length, heading).toBeGreaterThan(0)
  return blocks
    .join('')
    .replaceAll('https://mayfly.plant.example', plant.url)
    .replaceAll('https://mayfly.depot.example', depot.url)
}

/** On a stick. */
async function carry(...files: readonly string[]): Promise<void> {
  for (const file of files) await copyFile(`${plant.dir}/${file}`, `${depot.dir}/${file}`)
}

/** The plant knows the workload by a key, and signs a token for it. */
async function registerAtPlant(): Promise<void> {
  expectDone(
    await plant.sh(`
    mayfly owner add payments --contact '#payments' --primary ada@example.com
    mayfly trust-provider add keys --kind bound_key --fresh-for 1h
    mayfly identity add orders-api --kind service --owner payments --environment development --expires 90d \\
      --purpose 'books what leaves the plant'
    mayfly binding add --trust-provider keys --identity orders-api --new-key orders-api.jwk`),
  )
}

const asWorkload = ['--as', 'orders-api', '--key-file', 'orders-api.jwk']

/** A new one, as the guide gets it. */
async function fetchToken(): Promise<string> {
  const got = expectDone(await plant.mayfly([...asWorkload, 'token', 'get', '--resource-role', 'depot/visitor']))
  return got.stdout.trim()
}

const proveAtDepot = async (token: string): Promise<Ran> => {
  await writeFile(`${depot.dir}/orders-api.token`, token, { mode: 0o600 })
  return depot.mayfly(['--as', 'orders-api', '--token-file', 'orders-api.token', 'whoami', '--json'])
}

async function exported(): Promise<string> {
  expectDone(await plant.mayfly(['bundle', 'export', '-o', 'plant.bundle']))
  await carry('plant.bundle')
  return readFile(`${depot.dir}/plant.bundle`, 'utf8')
}

const importAtDepot = async (text: string): Promise<Ran> => {
  await writeFile(`${depot.dir}/brought.bundle`, text)
  return depot.mayfly(['bundle', 'import', 'brought.bundle', '--site', 'plant'])
}

describe('the guide, with the network cut', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    network = await openCutOffNetwork()
    ;[plant, depot] = await Promise.all([startSite('plant'), startSite('depot', network.within)])
    await registerAtPlant()
  }, 180_000)
  afterAll(async () => {
    for (const site of [plant, depot]) {
      site?.server.child.kill('SIGTERM')
      await site?.server.ended
    }
    await network?.[Symbol.asyncDispose]()
  })

  test('the depot cannot be reached from outside, nor reach out', async () => {
    await expect(fetch(`${depot.url}/healthz`)).rejects.toThrow('fetch failed')
    const there = await depot.sh(
      `node -e 'fetch(process.argv[1] + "/healthz").then((answer) => console.log(answer.status))' ${depot.url}`,
    )
    expect(there.stdout, 'control: in there it can').toBe('200\n')
    const out = await depot.sh(
      `node -e 'fetch(process.argv[1] + "/healthz").catch(() => console.log("no way"))' ${plant.url}`,
    )
    expect(out.stdout, 'the plant cannot be reached from there').toBe('no way\n')
  })

  test('its commands run as they stand, each at its site', async () => {
    for (const heading of ['show the key', 'sign for a workload that goes there', 'make the file']) {
      expectDone(await plant.sh(commandsUnder(`At the plant: ${heading}`)))
    }
    await carry('plant.vkey', 'plant.bundle', 'orders-api.token')
    expectDone(await depot.sh(commandsUnder('At the depot: say whom you believe')))
    expectDone(await depot.sh(commandsUnder('At the depot: bring the file')))
    const proven = expectDone(await depot.sh(commandsUnder('At the depot: a workload proves itself')))
    expect(proven.stdout).toContain('usable')
    const checked = expectDone(await depot.sh(commandsUnder('At the depot: an application checks a token by itself')))
    expect(checked.stdout).toContain('the token is accepted')
    expect(checked.stdout).toMatch(/not known: whether it was revoked after 2/)
  })

  test('a changed file, an older one, and one that another key signed are refused, each with its reason', async () => {
    const [before, now] = [await exported(), await exported()]
    expectDone(await importAtDepot(now))
    const refusals: readonly (readonly [string, string])[] = [
      [before, 'bundle_superseded'],
      [now.replace('"sequence":', '"sequence":9'), 'was changed after it was signed'],
      [now.slice(0, -1), 'was changed after it was signed'],
      [now.replace('mayfly-offline-bundle/v1', 'mayfly-offline-bundle/v2'), 'bundle_malformed'],
      ['', 'bundle'],
    ]
    for (const [text, reason] of refusals) {
      const refused = await importAtDepot(text)
      expect(refused.code, reason).toBe(1)
      expect(refused.stderr).toContain(reason)
    }
    const forged = await importAtDepot(await makeOfflineSite('plant', { origin: plant.url }).bundle())
    expect(forged.code).toBe(1)
    expect(forged.stderr).toContain('no key that is believed')
    const elsewhere = await importAtDepot(await makeOfflineSite('elsewhere').bundle())
    expect(elsewhere.stderr).toContain('https://mayfly.elsewhere.example')
    const again = expectDone(await importAtDepot(now))
    expect(again.stderr, 'control: the very same is no change').toContain('nothing has changed')
  })

  test('a file of several megabytes is taken too, and one that is larger than the format allows is not', async () => {
    const site = makeOfflineSite('archive')
    expectDone(await depot.mayfly(['offline-site', 'add', 'archive', '--origin', site.origin, '--key', site.vkey]))
    const bring = async (sizeBytes: number): Promise<Ran> => {
      const madeAt = new Date()
      const at = { made_at: madeAt.toISOString(), next_update: madeAt.toISOString() }
      const crl = 'AAAA'.repeat(250_000)
      const items = Array.from({ length: Math.floor(sizeBytes / crl.length) }, () => ({ crl }))
      await writeFile(
        `${depot.dir}/archive.bundle`,
        await site.bundle({ madeAt, sections: { crls: { ...at, items } } }),
      )
      return depot.mayfly(['bundle', 'import', 'archive.bundle', '--site', 'archive', '--progress'])
    }
    expect(expectDone(await bring(7_000_000)).stderr).toMatch(/sending 700\d{4} bytes/)
    await writeFile(`${depot.dir}/large.bundle`, Buffer.alloc(8_000_001, 0x20))
    const large = await depot.mayfly(['bundle', 'import', 'large.bundle', '--site', 'archive'])
    expect(large.code).toBe(2)
    expect(large.stderr).toContain('larger than')
  })

  test('a file is checked without any server, and says who did not sign it', async () => {
    await exported()
    const key = (await readFile(`${plant.dir}/plant.vkey`, 'utf8')).trim()
    const verify = (vkey: string, ...more: readonly string[]) =>
      depot.mayfly(['bundle', 'verify', 'plant.bundle', '--key', vkey, ...more], {
        env: { MAYFLY_URL: 'http://127.0.0.1:1' },
      })
    expect(expectDone(await verify(key)).stdout).toContain('verifies')
    const other = await verify(makeOfflineSite('plant', { origin: plant.url }).vkey)
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('bundle_untrusted')
    expect((await verify('nonsense')).code).toBe(2)
    const token = await fetchToken()
    const check = (audience: string, stdin: string) =>
      depot.mayfly(['bundle', 'check-token', 'plant.bundle', '--key', key, '--audience', audience, '--json'], { stdin })
    expect(JSON.parse((await check(depot.url, token)).stdout)).toMatchObject({ outcome: 'accepted' })
    const wrong = await check('https://elsewhere.example', token)
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.stdout)).toMatchObject({ outcome: 'refused', reason: 'audience_wrong' })
    expect(JSON.parse((await check(depot.url, `${token.slice(0, -4)}AAAA`)).stdout)).toMatchObject({
      reason: 'signature_invalid',
    })
  })

  test('the checkpoint in a file is held against the log of the plant', async () => {
    await copyFile(`${plant.dir}/plant.bundle`, `${plant.dir}/kept.bundle`)
    const verified = expectDone(await plant.sh(commandsUnder('The log too')))
    expect(verified.stdout).toMatch(/continues the remembered log of [1-9]/)
    const key = (await readFile(`${plant.dir}/plant.vkey`, 'utf8')).trim()
    const other = await plant.mayfly([
      'audit',
      'verify',
      '--bundle',
      'kept.bundle',
      '--bundle-key',
      `${key.slice(0, -4)}AAAA`,
    ])
    expect(other.code, 'control: with a key that is none').not.toBe(0)
  })

  test('a token that the plant has ended is refused once a newer file has come, its neighbour is not', async () => {
    const [ended, good] = [await fetchToken(), await fetchToken()]
    expectDone(await importAtDepot(await exported()))
    expectDone(await plant.mayfly(['revoke', 'credential', String(decodeJwt(ended).jti)]))
    const check = async (token: string): Promise<unknown> => {
      const key = (await readFile(`${plant.dir}/plant.vkey`, 'utf8')).trim()
      const how = ['bundle', 'check-token', 'plant.bundle', '--key', key, '--audience', depot.url, '--json']
      return JSON.parse((await depot.mayfly(how, { stdin: token })).stdout)
    }
    expect(await check(ended), 'the file that is there cannot know it').toMatchObject({ outcome: 'accepted' })
    expectDone(await importAtDepot(await exported()))
    expect(await check(ended)).toMatchObject({ outcome: 'refused', reason: 'token_revoked' })
    const refused = await proveAtDepot(ended)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('revoked')
    expectDone(await proveAtDepot(good))
  })

  test('a key that the plant gave up is refused once a newer file has come', async () => {
    const [first, second] = [await fetchToken(), await fetchToken()]
    expectDone(await plant.mayfly(['key', 'rotate', 'access_token', '--compromised']))
    expectDone(await proveAtDepot(first))
    expectDone(await importAtDepot(await exported()))
    const refused = await proveAtDepot(second)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('key')
    expectDone(await proveAtDepot(await fetchToken()))
  })

  test('what has grown too old judges nothing, until a newer file comes', async () => {
    for (const site of [plant, depot]) await site.forward(week + 60)
    // Entries from before the jump look late until they are in the log, and nothing is issued meanwhile: exit code 4.
    await until(async () => (await plant.mayfly([...asWorkload, 'whoami'])).code !== 4, {
      describe: 'the plant issues again',
    })
    const refused = await proveAtDepot(await fetchToken())
    expect(refused.code).toBe(4)
    expect(refused.stderr).toContain('temporarily_unavailable')
    const late = await importAtDepot(await readFile(`${depot.dir}/plant.bundle`, 'utf8'))
    expect(late.code, 'the very same is no news').toBe(0)
    expectDone(await importAtDepot(await exported()))
    expectDone(await proveAtDepot(await fetchToken()))
  })

  test('nothing at the depot has tried to reach out', async () => {
    const before = await network.countDials()
    await depot.sh(`node -e 'require("net").connect(443, "192.0.2.1").on("error", () => {})'`)
    expect(await network.countDials(), 'control: who tries is counted').toBe(before + 1)
    // The test of the first page tried once, on purpose; the plant's address is loopback, which needs no route.
    expect(before).toBe(0)
  })
})
