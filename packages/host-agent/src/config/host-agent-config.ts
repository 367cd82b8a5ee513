/** The configuration of the host agent, checked as a whole before anything starts. */
import { parseAccounts } from '../process/account-names.ts'
import { checkFields, type ConfigFault, isObject } from './check-fields.ts'
import { configFields } from './config-fields.ts'

export interface HostAgentConfig {
  readonly server: string | undefined
  /** The agent's own. */
  readonly identity: string | undefined
  readonly keyFile: string | undefined
  readonly tokenFile: string | undefined
  readonly trustProvider: string | undefined
  readonly socket: string
  readonly socketMode: number
  readonly graceSeconds: number
  readonly silenceSeconds: number
  readonly x509TtlSeconds: number | undefined
  readonly jwtTtlSeconds: number | undefined
  readonly maxExecutableBytes: number
  readonly files: readonly FileEntry[]
}

export interface FileEntry {
  readonly name: string
  readonly certificate: string | undefined
  readonly key: string | undefined
  readonly bundle: string | undefined
  readonly jwt: readonly { readonly audience: readonly string[]; readonly path: string }[]
  readonly credentials: readonly { readonly role: string; readonly path: string }[]
  readonly mode: number
  readonly owner: FileOwner | undefined
  readonly afterChange:
    | { readonly kind: 'command'; readonly command: readonly string[] }
    | { readonly kind: 'signal'; readonly pidFile: string; readonly signal: NodeJS.Signals }
    | undefined
}

export interface FileOwner {
  readonly uid: number
  readonly gid: number
}

/** Not usable: every fault at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    super('the configuration of the host agent is not usable')
    this.faults = faults
  }
}

/** The texts of the account files, to find numbers of names. */
export interface AccountFiles {
  readonly passwd: string
  readonly group: string
}

/**
 * @param value what the file holds, parsed; an empty object where there is none
 * @throws ConfigError
 */
export function parseHostAgentConfig(value: unknown, accounts: AccountFiles): HostAgentConfig {
  const faults = [...checkFields(configFields, value ?? {}, '')]
  const root = isObject(value) ? value : {}
  const entries = Array.isArray(root['files']) ? root['files'].filter(isObject) : []
  faults.push(
    ...entries.flatMap((entry, at) => checkEntry(entry, `files[${at}]`, accounts)),
    ...findCollisions(entries),
  )
  if (root['key_file'] !== undefined && root['token_file'] !== undefined) {
    faults.push({ at: 'token_file', detail: 'is given beside `key_file`: give one of them' })
  }
  if (faults.length > 0) throw new ConfigError(faults)
  const read = <T>(from: Readonly<Record<string, unknown>>, name: string): T | undefined =>
    (from[name] ?? undefined) as T | undefined
  const withDefault = <T>(name: string): T => (read<T>(root, name) ?? configFields[name]?.default) as T
  return {
    server: read(root, 'server'),
    identity: read(root, 'identity'),
    keyFile: read(root, 'key_file'),
    tokenFile: read(root, 'token_file'),
    trustProvider: read(root, 'trust_provider'),
    socket: withDefault('socket'),
    socketMode: Number.parseInt(withDefault<string>('socket_mode'), 8),
    graceSeconds: withDefault('grace_seconds'),
    silenceSeconds: withDefault('silence_seconds'),
    x509TtlSeconds: read(root, 'x509_ttl_seconds'),
    jwtTtlSeconds: read(root, 'jwt_ttl_seconds'),
    maxExecutableBytes: withDefault('max_executable_bytes'),
    files: entries.map((entry) => ({
      name: read<string>(entry, 'name') ?? '',
      certificate: read(entry, 'certificate'),
      key: read(entry, 'key'),
      bundle: read(entry, 'bundle'),
      jwt: read(entry, 'jwt') ?? [],
      credentials: read(entry, 'credentials') ?? [],
      mode: Number.parseInt(read<string>(entry, 'mode') ?? '0600', 8),
      owner: findOwner(read(entry, 'owner'), accounts),
      afterChange: afterChange(read(entry, 'after_change')),
    })),
  }
}

type Entry = Readonly<Record<string, unknown>>

function checkEntry(entry: Entry, at: string, accounts: AccountFiles): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  if ((entry['certificate'] === undefined) !== (entry['key'] === undefined)) {
    faults.push({ at, detail: '`certificate` and `key` go together: give both, or neither' })
  }
  if (pathsOf(entry).length === 0) {
    faults.push({ at, detail: 'writes nothing: give `certificate` and `key`, `bundle`, `jwt` or `credentials`' })
  }
  const owner = entry['owner']
  if (typeof owner === 'string' && findOwner(owner, accounts) === undefined) {
    faults.push({ at: `${at}.owner`, detail: `there is no \`${owner}\` on this host` })
  }
  const after = entry['after_change']
  if (isObject(after) && (after['command'] === undefined) === (after['pid_file'] === undefined)) {
    faults.push({ at: `${at}.after_change`, detail: 'give either `command` or `pid_file`' })
  }
  return faults
}

function findCollisions(entries: readonly Entry[]): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  const seen = new Map<string, number>()
  entries.forEach((entry, at) => {
    for (const path of pathsOf(entry)) {
      const other = seen.get(path)
      if (other !== undefined)
        faults.push({ at: `files[${at}]`, detail: `\`${path}\` is written by \`files[${other}]\` too` })
      seen.set(path, at)
    }
  })
  const names = entries.map((entry) => entry['name'])
  names.forEach((name, at) => {
    if (typeof name === 'string' && names.indexOf(name) !== at) {
      faults.push({ at: `files[${at}].name`, detail: `\`${name}\` is taken by \`files[${names.indexOf(name)}]\`` })
    }
  })
  return faults
}

function pathsOf(entry: Entry): readonly string[] {
  const nested = ['jwt', 'credentials'].flatMap((name) => (Array.isArray(entry[name]) ? entry[name] : []))
  const paths = [entry['certificate'], entry['key'], entry['bundle']].concat(
    nested.map((one) => (isObject(one) ? one['path'] : undefined)),
  )
  return paths.filter((path) => typeof path === 'string')
}

function findOwner(text: string | undefined, { passwd, group }: AccountFiles): FileOwner | undefined {
  if (text === undefined) return undefined
  const [user = '', ofGroup] = text.split(':')
  const uid = findId(passwd, user)
  const gid = ofGroup === undefined ? findOwnGroup(passwd, user) : findId(group, ofGroup)
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

function findId(text: string, name: string): number | undefined {
  if (/^\d{1,10}$/.test(name)) return Number(name)
  return [...parseAccounts(text)].find(([, known]) => known === name)?.[0]
}

/** The fourth field of the user's line. */
function findOwnGroup(passwd: string, user: string): number | undefined {
  const line = passwd.split('\n').find((one) => one.startsWith(`${user}:`) || one.split(':')[2] === user)
  const gid = line?.split(':')[3]
  return gid === undefined || gid === '' ? undefined : Number(gid)
}

function afterChange(value: unknown): FileEntry['afterChange'] {
  if (!isObject(value)) return undefined
  const { command, pid_file: pidFile, signal = 'SIGHUP' } = value
  if (Array.isArray(command)) return { kind: 'command', command: command as readonly string[] }
  return { kind: 'signal', pidFile: String(pidFile), signal: signal as NodeJS.Signals }
}
