/** From an empty server to people who sign in, as they would do it: with the command, at a real OpenID provider. */
import { readFile, stat } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, type OpenIdProvider, startOpenIdProvider } from '../integration/people/openid-provider.ts'
import { until } from '../support/index.ts'
import { type DevWorld, loginArgs, startDevWorld } from './dev-world.ts'
import type { Ran, RunningCommand } from './run-mayfly.ts'

let world: DevWorld
let provider: OpenIdProvider
const bootstrapFile = () => `${world.dir}/.mayfly/bootstrap`

beforeAll(async () => {
  provider = await startOpenIdProvider()
  const verified = { email_verified: true }
  provider.people.set('ada-at-corp', { name: 'Ada Lovelace', email: 'ada@example.com', groups: [], ...verified })
  provider.people.set('grace', { name: 'Grace', email: 'grace@example.com', groups: ['orders'], ...verified })
  provider.people.set('eve', { name: 'Eve', email: 'eve@example.com', groups: ['others'], ...verified })
  world = await startDevWorld('sign-in', { signIn: false })
}, 120_000)
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await provider?.[Symbol.asyncDispose]()
})

/** A folder of its own, so that people do not share a profile. */
const home = (name: string) => ({ XDG_CONFIG_HOME: `${world.dir}/config-of-${name}` })

/** What the command says that the person shall open and enter. */
async function shown(command: RunningCommand): Promise<{ address: string; code: string }> {
  const [, address = '', code = ''] = await until(
    () => /open (\S+) and enter the code (\S+)/.exec(command.stderr()) ?? undefined,
    { describe: 'the command shows a code', withinMs: 20_000 },
  )
  return { address, code }
}

async function loginByDevice(login: string, args: readonly string[] = []): Promise<Ran> {
  const command = world.start(['login', '--json', ...args], { env: home(login) })
  const { address, code } = await shown(command)
  await openBrowser(provider.issuer).enterCode(address, code, login)
  return command.ended
}

test('the first administrator binds the first person, and then the bootstrap secret and its key are gone', async () => {
  const nobody = await world.mayfly(['login'], { env: home('nobody') })
  expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('no sign-in provider yet')])

  const secret = (await readFile(bootstrapFile(), 'utf8')).trim()
  await world.json(loginArgs(world))
  await expect(stat(bootstrapFile())).rejects.toThrow('ENOENT')

  await world.json(['owner', 'add', 'orders-team', '--contact', '#orders', '--primary', 'ada@example.com'])
  await world.json(
    ['sign-in', 'setup', 'corp', '--issuer', provider.issuer, '--client-id', 'mayfly', '--session-for', '8h']
      .concat(['--scope', 'openid', '--scope', 'email', '--scope', 'profile', '--scope', 'groups'])
      .concat(['--rule', 'orders=owner:orders-team', '--rule', 'platform-admins=role:administrator']),
  )
  const refused = await loginByDevice('ada-at-corp')
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('sign_in_refused')])
  // The refusal tells her how it is mended.
  const [, hint = ''] = /`mayfly (binding add [^`]+)`/.exec(refused.stderr) ?? []
  expect(hint).toBe('binding add --trust-provider corp --person ada@example.com --subject ada-at-corp')
  await world.json(hint.split(' '))
  const signedIn = await loginByDevice('ada-at-corp')
  expect(JSON.parse(signedIn.stdout)).toMatchObject({ email: 'ada@example.com', roles: ['administrator'] })

  const { items } = await world.json<{ items: { binding_id: string; trust_provider: string }[] }>([
    'binding',
    'list',
    '--person',
    'ada@example.com',
  ])
  const key = items.find((binding) => binding.trust_provider === 'administrators')
  await world.json(['binding', 'retire', key?.binding_id ?? ''], { env: home('ada-at-corp') })

  const withKey = await world.mayfly(['person', 'list'])
  expect(withKey.code, 'the key of the bootstrap opens nothing').toBe(3)
  const again = await fetch(`${world.url}/v1/bootstrap`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret, public_jwk: {}, name: 'Eve', email: 'eve@example.com' }),
  })
  expect([400, 401]).toContain(again.status)
  const administrates = await world.mayfly(['person', 'list', '--json'], { env: home('ada-at-corp') })
  expect(administrates.code, 'control: the person herself administrates').toBe(0)
}, 120_000)

test('a person signs in, sees who they are and where, and signs out', async () => {
  const command = world.start(['login', '--provider', 'corp'], { env: home('grace') })
  const { address, code } = await shown(command)
  await openBrowser(provider.issuer).enterCode(address, code, 'grace')
  const ran = await command.ended
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('orders-team')])

  const path = `${home('grace').XDG_CONFIG_HOME}/mayfly/servers/http_${new URL(world.url).host.replace(':', '_')}/session.json`
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const { access_token: token } = JSON.parse(await readFile(path, 'utf8')) as { access_token: string }
  expect(ran.stdout + ran.stderr, 'the token is shown nowhere').not.toContain(token)

  const env = { env: home('grace') }
  expect(await world.json(['whoami'], env)).toMatchObject({ email: 'grace@example.com', provider: 'corp', live: true })
  const list = await world.json<{ items: object[] }>(['session', 'list'], env)
  expect(list.items).toMatchObject([{ email: 'grace@example.com', own: true, bound_to: 'key' }])
  const stolen = await fetch(`${world.url}/v1/sessions?person=me`, { headers: { authorization: `Bearer ${token}` } })
  expect(stolen.status, 'the token alone, without the key, opens nothing').toBe(401)
  const denied = await world.mayfly(['session', 'list', '--everyone'], env)
  expect(denied.code).toBe(3)

  await world.json(['logout'], env)
  await expect(stat(path)).rejects.toThrow('ENOENT')
  const left = await world.json<{ items: object[] }>(['session', 'list', '--person', 'grace@example.com'], {
    env: home('ada-at-corp'),
  })
  expect(left.items, 'the session has ended at the server, too').toEqual([])
  const after = await world.mayfly(['whoami'], env)
  expect([after.code, after.stderr]).toEqual([2, expect.stringContaining('nobody has signed in')])
}, 60_000)

test('a person signs in in a browser that comes back', async () => {
  const command = world.start(['login', '--browser', '--json'], { env: home('grace') })
  const [, address = ''] = await until(() => /open (http\S+)/.exec(command.stderr()) ?? undefined, {
    describe: 'the command shows an address',
    withinMs: 20_000,
  })
  const redirect = new URL(address).searchParams.get('redirect_uri') ?? ''
  const forged = await fetch(`${redirect}?code=of-somebody-else&state=${'x'.repeat(43)}`)
  expect(forged.status, 'a page that guesses the port gets nowhere').toBe(404)
  const back = await openBrowser(provider.issuer).authorize(address, 'grace')
  const page = await fetch(`${redirect}?${back.toString()}`)
  expect(await page.text()).toContain('Signed in')
  const ran = await command.ended
  expect(JSON.parse(ran.stdout)).toMatchObject({ email: 'grace@example.com', owners: ['orders-team'] })
  expect(ran.stdout).not.toContain('access_token')
}, 60_000)

test('who declines, or whom no rule lets in, is told so', async () => {
  const eve = await loginByDevice('eve')
  expect([eve.code, eve.stderr]).toEqual([3, expect.stringContaining('none of the groups in `groups` gives anything')])
  const command = world.start(['login'], { env: home('eve') })
  const { address, code } = await shown(command)
  await openBrowser(provider.issuer).decline(address, code)
  const ran = await command.ended
  expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining('declined at the provider')])
}, 60_000)

test('an administrator ends all sessions of a person', async () => {
  await world.json(['session', 'end', '--person', 'grace@example.com', '--reason', 'laptop lost'], {
    env: home('ada-at-corp'),
  })
  const ran = await world.mayfly(['session', 'list'], { env: home('grace') })
  expect(ran.code).toBe(3)
}, 60_000)

test('every row that grants something is explained by the log', async () => {
  const state = await world.mayfly(['audit', 'verify', '--state', '--json'], { env: home('ada-at-corp') })
  expect([state.code, state.stderr]).toEqual([0, expect.any(String)])
}, 60_000)
