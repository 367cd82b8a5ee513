/**
 * The configuration: environment variables, read once, before anything starts.
 *
 * Promise: every fault is told at once, misspelt `MAYFLY_` keys included; nothing is guessed. Values that are secret are
 * `Secret`. The schema below is also the source of docs/reference/config.md.
 */
import type { LookSettings } from '../application/inventory/look-deps.ts'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { didYouMean, type FieldProblem, MayflyError } from '@mayfly/domain'
import { messageOf, Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import { readUpstream, type UpstreamAuthority } from '../application/spiffe/upstream-authority.ts'
import { isLoopback } from '../store/connection-options.ts'
import { listenAddress, type ListenAddress } from './listen-address.ts'
import { proxyList } from './proxy-list.ts'

/** What a person has to write to send tokens and credentials over an unencrypted network. */
export const behindTlsProxyConsent = 'credentials-cross-this-network-in-clear'

const file = z
  .string()
  .min(1)
  .transform((path) => resolve(path))
/** One way of writing only: it is compared byte by byte as issuer and as part of `htu`. */
const isBaseUrl = ({ pathname, search, hash, username, password }: URL): boolean =>
  /^(\/[A-Za-z0-9._~-]+)*\/?$/.test(pathname) && `${search}${hash}${username}${password}` === ''
const wholeNumber = (min: number, max: number) =>
  z.coerce.number({ error: 'is not a number' }).pipe(z.int().min(min).max(max))

// As root the data cannot lie in root's home: the embedded PostgreSQL runs as another user, who may not enter it.
const system = process.getuid?.() === 0
const defaultDataDir = system ? '/var/lib/mayfly' : join(homedir(), '.local', 'share', 'mayfly')
const defaultSecretsDir = system ? '/etc/mayfly' : join(homedir(), '.config', 'mayfly')

/** One line a key: what it is for, as it stands in the reference. */
export const environmentSchema = z.strictObject({
  MAYFLY_LISTEN: listenAddress
    .default({ host: '127.0.0.1', port: 7420 })
    .meta({ description: '`host:port` that the API listens on; port 0 takes a free one', shown: '`127.0.0.1:7420`' }),
  MAYFLY_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'is not an http:// or https:// URL' })
    .refine((url) => isBaseUrl(new URL(url)), {
      error: 'must have no user, no query, and as path only segments of letters, digits, `-`, `.`, `_` and `~`',
    })
    .transform((url) => `${new URL(url).origin}${new URL(url).pathname.replace(/\/$/, '')}`)
    .optional()
    .meta({
      description:
        'the URL that callers use: issuer of tokens, audience of proofs, what DPoP proofs are made for. With a path where a proxy puts one before ours and takes it away again. Must be `https` unless it is on loopback',
      shown: 'http(s):// and what is listened on, where that is loopback',
    }),
  MAYFLY_TLS: z.enum(['files', 'svid', 'off']).optional().meta({
    description:
      '`svid`: the API answers with an X509-SVID of the trust domain, `files`: with the certificate in the files, `off`: without TLS',
    shown: '`files` where they are named, else `off`',
  }),
  MAYFLY_TLS_CERT_FILE: file
    .optional()
    .meta({ description: 'certificate chain, PEM; read again when it changes, and on SIGHUP' }),
  MAYFLY_TLS_KEY_FILE: file.optional().meta({ description: 'private key of the certificate, PEM' }),
  MAYFLY_MUTUAL_TLS_LISTEN: listenAddress.optional().meta({
    description:
      '`host:port` of a second listener for workloads, which asks for a client certificate; the same API, with the same certificate as the first, or with an X509-SVID where that has none',
    shown: 'none',
  }),
  MAYFLY_MUTUAL_TLS_URL: z
    .url({ protocol: /^https$/, error: 'is not an https:// URL' })
    .refine((url) => new URL(url).pathname === '/' && !/[?#]/.test(url), { error: 'must have no path and no query' })
    .transform((url) => new URL(url).origin)
    .optional()
    .meta({
      description: 'the URL by which workloads reach the second listener',
      shown: 'https:// with the host of the public URL and the port that is listened on',
    }),
  MAYFLY_BUNDLE_LISTEN: listenAddress.optional().meta({
    description:
      '`host:port` of a listener that serves the trust bundle by the profile `https_spiffe`: its certificate is an X509-SVID, and it asks for none',
    shown: 'none; `/spiffe/bundle` on the API listener serves it by `https_web`',
  }),
  MAYFLY_BUNDLE_URL: z
    .url({ protocol: /^https$/, error: 'is not an https:// URL' })
    .refine((url) => new URL(url).pathname === '/' && !/[?#]/.test(url), { error: 'must have no path and no query' })
    .transform((url) => new URL(url).origin)
    .optional()
    .meta({
      description:
        'the URL by which other trust domains reach that listener. Every tenant but the default one is reached at its name before this host, and there has an X509-SVID of its own',
      shown: 'https:// with the host of the public URL',
    }),
  MAYFLY_TRUST_BUNDLE_FILE: file.optional().meta({
    description:
      'where the trust bundle is written at the start and with each change, for clients that come to this server with `MAYFLY_TLS=svid`: `mayfly --trust-bundle FILE`',
    shown: 'none',
  }),
  MAYFLY_UPSTREAM_CA_CERT_FILE: file.optional().meta({
    description: 'the authority that signs ours: its certificate, PEM, followed by the path down to the root',
    shown: 'none: ours sign themselves',
  }),
  MAYFLY_UPSTREAM_CA_KEY_FILE: file
    .optional()
    .meta({ description: 'its private key, PEM; readable by its owner only' }),
  MAYFLY_BEHIND_TLS_PROXY: z
    .literal(behindTlsProxyConsent, { error: `can only be \`${behindTlsProxyConsent}\`, which is what it costs` })
    .optional()
    .meta({
      description: `\`${behindTlsProxyConsent}\` allows listening off loopback without a certificate, for a proxy that ends TLS`,
    }),
  MAYFLY_TRUSTED_PROXIES: proxyList.default([]).meta({
    description: 'addresses or CIDRs, with commas, of proxies whose `X-Forwarded-For` is believed',
    shown: 'none: the header is ignored',
  }),
  MAYFLY_METRICS_LISTEN: listenAddress.optional().meta({
    description: '`host:port` of a listener of its own for `/metrics`; it has no authentication',
    shown: 'none; `/metrics` is on the API listener where that is loopback',
  }),
  MAYFLY_DATABASE_URL: z
    .string()
    .min(1)
    .transform((url) => new Secret(url))
    .optional()
    .meta({
      description: '`postgres://user:password@host:5432/database` of an external PostgreSQL, 15 or newer',
      shown: 'an embedded PostgreSQL',
    }),
  MAYFLY_DATABASE_POOL_SIZE: wholeNumber(4, 200)
    .default(16)
    .meta({ description: 'connections to the database at most', shown: '`16`' }),
  MAYFLY_DATA_DIR: file.default(defaultDataDir).meta({
    description: 'where the embedded PostgreSQL keeps its data',
    shown: '`~/.local/share/mayfly`, as root `/var/lib/mayfly`',
  }),
  MAYFLY_EMBEDDED_USER: z.string().min(1).optional().meta({
    description: 'started as root: the user that the embedded PostgreSQL runs as',
    shown: 'the first of `postgres`, `_postgres`, `nobody` that exists',
  }),
  MAYFLY_KEK_FILE: file.optional().meta({
    description:
      'the key-encryption key, a file that only its owner may read; made at the first start with an embedded database. Keep a copy apart from the backups of the database',
    shown: '`~/.config/mayfly/kek`, as root `/etc/mayfly/kek`',
  }),
  MAYFLY_KEK: z
    .string()
    .transform((text) => new Secret(text))
    .optional()
    .meta({
      description:
        'the key-encryption key itself, in place of the file. A file is better: children and crash reports get the environment',
    }),
  MAYFLY_KEK_PREVIOUS_FILE: file
    .optional()
    .meta({ description: 'the key-encryption key before, while it is being replaced' }),
  MAYFLY_BOOTSTRAP_FILE: file.default(join(defaultSecretsDir, 'bootstrap')).meta({
    description: 'where the secret for the first administrator is written once, readable by its owner only',
    shown: '`~/.config/mayfly/bootstrap`, as root `/etc/mayfly/bootstrap`',
  }),
  MAYFLY_TRUST_DOMAIN: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/, { error: 'must be lower-case letters, digits, dots, dashes and underscores' })
    .default('mayfly.internal')
    .meta({ description: 'SPIFFE trust domain of the identities; do not change it later', shown: '`mayfly.internal`' }),
  MAYFLY_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta({ description: '`debug`, `info`, `warn` or `error`; `debug` writes a line a request', shown: '`info`' }),
  MAYFLY_OTEL_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'is not an http:// or https:// URL' })
    .optional()
    .meta({
      description:
        'OTLP/HTTP collector that traces are sent to, e.g. `http://127.0.0.1:4318`. An OpenTelemetry SDK that is registered before (`node --import`) gets the spans in its place',
      shown: 'none',
    }),
  MAYFLY_CALLER_REQUESTS_PER_SECOND: wholeNumber(1, 100_000)
    .default(200)
    .meta({ description: 'requests that one caller may send a second, with a burst of twice as many', shown: '`200`' }),
  MAYFLY_REFUSALS_PER_MINUTE: wholeNumber(1, 1_000_000)
    .default(300)
    .meta({ description: 'refused proofs and tokens a minute after which an address has to wait', shown: '`300`' }),
  MAYFLY_SIGN_INS_PER_MINUTE: wholeNumber(1, 1_000_000)
    .default(30)
    .meta({ description: 'sign-ins of people that one address may begin a minute', shown: '`30`' }),
  MAYFLY_MAX_IDENTITY_DAYS: wholeNumber(1, 3650)
    .default(366)
    .meta({ description: 'how far away the end of an identity may be', shown: '`366`' }),
  MAYFLY_KUBERNETES_API_URL: z
    .url({ protocol: /^https$/, error: 'is not an https:// URL' })
    .optional()
    .meta({
      description:
        'the API server that is asked about service account tokens (trust provider kind `kubernetes`, reviewer `server`): the only one that gets our token',
      shown: 'none',
    }),
  MAYFLY_KUBERNETES_TOKEN_FILE: file.optional().meta({
    description:
      'the token that it is asked with, which may create TokenReviews (`system:auth-delegator`); read each time',
    shown: 'none',
  }),
  MAYFLY_KUBERNETES_CA_FILE: file.optional().meta({
    description: "the authority of the API server's certificate, PEM",
    shown: 'the public ones',
  }),
  MAYFLY_LOGIN_ROTATION_DAYS: wholeNumber(0, 3650).default(30).meta({
    description:
      "after how many days Mayfly changes the passwords of its own logins at targets; 0: only when someone asks. Another number holds from each login's next change on",
    shown: '`30`',
  }),
  MAYFLY_SAMPLE_SECONDS: wholeNumber(0, 86_400).default(15).meta({
    description: 'how often each target is asked who is connected with which credential; 0: never',
    shown: '`15`',
  }),
  MAYFLY_SWEEP_SECONDS: wholeNumber(0, 2_592_000).default(600).meta({
    description: 'how often the accounts at each target are compared with the credentials that are known; 0: never',
    shown: '`600`',
  }),
  MAYFLY_ORPHANS: z.enum(['report', 'remove']).default('report').meta({
    description:
      "what becomes of accounts with Mayfly's pattern that no credential explains. `remove` only where no other Mayfly has accounts at the same targets: it does not know of them",
    shown: '`report`',
  }),
})

/** Keys with our prefix that other programs of ours read. */
export const keysOfOtherPrograms = [
  'MAYFLY_URL',
  'MAYFLY_IDENTITY',
  'MAYFLY_CLIENT_ID',
  'MAYFLY_KEY_FILE',
  'MAYFLY_TOKEN_FILE',
  'MAYFLY_TRUST_BUNDLE',
  'MAYFLY_DEBUG',
] as const

export interface Config {
  readonly listen: ListenAddress
  /** Absent: derived from the address once it is known. */
  readonly publicUrl?: string
  /** How the API's listener identifies itself. */
  readonly tls: 'off' | 'svid' | 'files'
  readonly tlsFiles?: { readonly certFile: string; readonly keyFile: string }
  readonly mutualTlsListen?: ListenAddress
  readonly mutualTlsUrl?: string
  readonly bundleListen?: ListenAddress
  readonly bundleUrl?: string
  readonly trustBundleFile?: string
  /** The authority above ours. */
  readonly upstream?: UpstreamAuthority
  readonly trustedProxies: readonly string[]
  readonly metricsListen?: ListenAddress
  readonly database:
    | { readonly kind: 'embedded'; readonly dataDir: string; readonly runAs?: string }
    | { readonly kind: 'external'; readonly url: Secret }
  readonly databasePoolSize: number
  readonly kek: { readonly file: string } | { readonly text: Secret }
  readonly kekPreviousFile?: string
  readonly bootstrapFile: string
  readonly trustDomain: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly otelEndpoint?: string
  readonly callerRequestsPerSecond: number
  readonly refusalsPerMinute: number
  readonly signInsPerMinute: number
  readonly maxIdentityDays: number
  readonly loginRotationDays: number
  readonly looks: LookSettings
  /** Where a cluster's tokens are reviewed with this server's own. */
  readonly kubernetes?: { readonly apiUrl: string; readonly tokenFile: string; readonly caFile?: string }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the configuration and the files that it names for TLS.
 *
 * Does NOT read the key-encryption key nor reach the database: starting does.
 *
 * @throws MayflyError `configuration_invalid`, with every fault in `fields`
 */
export async function loadConfig(environment: Environment): Promise<Config> {
  const given = Object.fromEntries(Object.entries(environment).filter(([key]) => isOurs(key)))
  const parsed = environmentSchema.safeParse(given, { error: messageOf })
  if (!parsed.success) throw unusable(parsed.error.issues.flatMap(faultsOfIssue))
  const faults = contradictions(parsed.data)
  await checkTlsFiles(parsed.data, faults)
  const upstream = await readUpstreamFiles(parsed.data, faults)
  if (faults.length > 0) throw unusable(faults)
  return configOf(parsed.data, upstream)
}

/** The faults as a person reads them. */
export function describeConfigFaults(error: MayflyError): string {
  const lines = (error.options.fields ?? []).map(({ pointer, detail }) =>
    detail.startsWith('unrecognised') ? `  ${detail}` : `  \`${pointer.slice(1)}\`: ${detail}`,
  )
  if (lines.length === 0) lines.push(`  ${error.options.publicDetail ?? error.message}`)
  if (error.options.hint !== undefined) lines.push(`  hint: ${error.options.hint}`)
  return ['configuration is not usable', ...lines].join('\n')
}

function isOurs(key: string): boolean {
  return key.startsWith('MAYFLY_') && !(keysOfOtherPrograms as readonly string[]).includes(key)
}

function faultsOfIssue(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: `/${issue.path.join('/')}`, detail: issue.message }]
  return issue.keys.map((key) => {
    const meant = didYouMean(key, Object.keys(environmentSchema.shape))
    const detail = `unrecognised key \`${key}\`${meant === undefined ? '' : ` (did you mean \`${meant}\`?)`}`
    return { pointer: `/${key}`, detail }
  })
}

/** What is well-formed in itself but does not go together. */
function contradictions(values: z.output<typeof environmentSchema>): FieldProblem[] {
  const faults: FieldProblem[] = []
  const add = (key: keyof typeof values, detail: string) => faults.push({ pointer: `/${key}`, detail })
  const { host } = values.MAYFLY_LISTEN
  const certificate = tlsOf(values) !== 'off'
  if (values.MAYFLY_TLS_CERT_FILE !== undefined && values.MAYFLY_TLS_KEY_FILE === undefined) {
    add('MAYFLY_TLS_KEY_FILE', 'is required with `MAYFLY_TLS_CERT_FILE`')
  }
  if (values.MAYFLY_TLS_KEY_FILE !== undefined && values.MAYFLY_TLS_CERT_FILE === undefined) {
    add('MAYFLY_TLS_CERT_FILE', 'is required with `MAYFLY_TLS_KEY_FILE`')
  }
  if (!isLoopback(host) && !certificate && values.MAYFLY_BEHIND_TLS_PROXY === undefined) {
    add(
      'MAYFLY_LISTEN',
      `\`${host}\` is not loopback, which needs \`MAYFLY_TLS=svid\`, or \`MAYFLY_TLS_CERT_FILE\` and \`MAYFLY_TLS_KEY_FILE\` (or a proxy that ends TLS: \`MAYFLY_BEHIND_TLS_PROXY=${behindTlsProxyConsent}\`)`,
    )
  }
  if (values.MAYFLY_TLS === 'files' && values.MAYFLY_TLS_CERT_FILE === undefined) {
    add('MAYFLY_TLS_CERT_FILE', 'is required with `MAYFLY_TLS=files`')
  }
  if (values.MAYFLY_UPSTREAM_CA_CERT_FILE !== undefined && values.MAYFLY_UPSTREAM_CA_KEY_FILE === undefined) {
    add('MAYFLY_UPSTREAM_CA_KEY_FILE', 'is required with `MAYFLY_UPSTREAM_CA_CERT_FILE`')
  }
  if (values.MAYFLY_UPSTREAM_CA_KEY_FILE !== undefined && values.MAYFLY_UPSTREAM_CA_CERT_FILE === undefined) {
    add('MAYFLY_UPSTREAM_CA_CERT_FILE', 'is required with `MAYFLY_UPSTREAM_CA_KEY_FILE`')
  }
  if (values.MAYFLY_MUTUAL_TLS_URL !== undefined && values.MAYFLY_MUTUAL_TLS_LISTEN === undefined) {
    add('MAYFLY_MUTUAL_TLS_LISTEN', 'is required with `MAYFLY_MUTUAL_TLS_URL`')
  }
  if (values.MAYFLY_BUNDLE_URL !== undefined && values.MAYFLY_BUNDLE_LISTEN === undefined) {
    add('MAYFLY_BUNDLE_LISTEN', 'is required with `MAYFLY_BUNDLE_URL`')
  }
  if (!isLoopback(host) && values.MAYFLY_PUBLIC_URL === undefined) {
    add('MAYFLY_PUBLIC_URL', 'is required where `MAYFLY_LISTEN` is not loopback: it is the issuer of tokens')
  }
  if (values.MAYFLY_PUBLIC_URL !== undefined && !isSafeOrigin(values.MAYFLY_PUBLIC_URL)) {
    add('MAYFLY_PUBLIC_URL', 'must be `https` unless it is on loopback')
  }
  if (values.MAYFLY_KEK !== undefined && values.MAYFLY_KEK_FILE !== undefined) {
    add('MAYFLY_KEK', 'is given beside `MAYFLY_KEK_FILE`: give one of them')
  }
  if (values.MAYFLY_KEK_FILE?.startsWith(`${values.MAYFLY_DATA_DIR}/`) === true) {
    add('MAYFLY_KEK_FILE', 'lies in `MAYFLY_DATA_DIR`: a copy of the data would hold the key to it')
  }
  if (values.MAYFLY_KEK_FILE !== undefined && values.MAYFLY_KEK_FILE === values.MAYFLY_KEK_PREVIOUS_FILE) {
    add('MAYFLY_KEK_PREVIOUS_FILE', 'is the same file as `MAYFLY_KEK_FILE`')
  }
  const cluster = [values.MAYFLY_KUBERNETES_API_URL, values.MAYFLY_KUBERNETES_TOKEN_FILE]
  if (cluster.filter((each) => each !== undefined).length === 1) {
    const missing = cluster[0] === undefined ? 'MAYFLY_KUBERNETES_API_URL' : 'MAYFLY_KUBERNETES_TOKEN_FILE'
    add(missing, 'is required: a token goes to the one API server that is named beside it')
  }
  return faults
}

function isSafeOrigin(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || isLoopback(hostname.replaceAll(/[[\]]/g, ''))
}

function tlsOf(values: Pick<z.output<typeof environmentSchema>, 'MAYFLY_TLS' | 'MAYFLY_TLS_CERT_FILE'>): Config['tls'] {
  return values.MAYFLY_TLS ?? (values.MAYFLY_TLS_CERT_FILE === undefined ? 'off' : 'files')
}

type FileKey =
  | 'MAYFLY_TLS_CERT_FILE'
  | 'MAYFLY_TLS_KEY_FILE'
  | 'MAYFLY_UPSTREAM_CA_CERT_FILE'
  | 'MAYFLY_UPSTREAM_CA_KEY_FILE'

async function readNamed(
  values: z.output<typeof environmentSchema>,
  key: FileKey,
  faults: FieldProblem[],
): Promise<string | undefined> {
  const path = values[key]
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch {
    faults.push({ pointer: `/${key}`, detail: `\`${path}\` cannot be read` })
    return undefined
  }
}

/** Whether they can be read and belong together: told at the start, where someone is looking. */
async function checkTlsFiles(values: z.output<typeof environmentSchema>, faults: FieldProblem[]): Promise<void> {
  const cert = await readNamed(values, 'MAYFLY_TLS_CERT_FILE', faults)
  const key = await readNamed(values, 'MAYFLY_TLS_KEY_FILE', faults)
  if (cert === undefined || key === undefined) return
  try {
    createSecureContext({ cert, key })
  } catch {
    faults.push({ pointer: '/MAYFLY_TLS_KEY_FILE', detail: 'is not the private key of the certificate, or not PEM' })
  }
}

async function readUpstreamFiles(
  values: z.output<typeof environmentSchema>,
  faults: FieldProblem[],
): Promise<UpstreamAuthority | undefined> {
  const pem = await readNamed(values, 'MAYFLY_UPSTREAM_CA_CERT_FILE', faults)
  const key = await readNamed(values, 'MAYFLY_UPSTREAM_CA_KEY_FILE', faults)
  const keyFile = values.MAYFLY_UPSTREAM_CA_KEY_FILE
  if (pem === undefined || key === undefined || keyFile === undefined) return undefined
  if (((await stat(keyFile)).mode & 0o077) !== 0) {
    faults.push({ pointer: '/MAYFLY_UPSTREAM_CA_KEY_FILE', detail: 'others may read it: set its mode to 0600' })
    return undefined
  }
  const upstream = readUpstream(pem, new Secret(key))
  if (!('fault' in upstream)) return upstream
  faults.push({ pointer: '/MAYFLY_UPSTREAM_CA_CERT_FILE', detail: upstream.fault })
  return undefined
}

function configOf(values: z.output<typeof environmentSchema>, upstream: UpstreamAuthority | undefined): Config {
  const { MAYFLY_DATABASE_URL: url, MAYFLY_EMBEDDED_USER: runAs } = values
  const { MAYFLY_TLS_CERT_FILE: certFile, MAYFLY_TLS_KEY_FILE: keyFile } = values
  return {
    listen: values.MAYFLY_LISTEN,
    ...(values.MAYFLY_PUBLIC_URL !== undefined && { publicUrl: values.MAYFLY_PUBLIC_URL }),
    tls: tlsOf(values),
    ...(certFile !== undefined && keyFile !== undefined && { tlsFiles: { certFile, keyFile } }),
    ...(values.MAYFLY_MUTUAL_TLS_LISTEN !== undefined && { mutualTlsListen: values.MAYFLY_MUTUAL_TLS_LISTEN }),
    ...(values.MAYFLY_MUTUAL_TLS_URL !== undefined && { mutualTlsUrl: values.MAYFLY_MUTUAL_TLS_URL }),
    ...(values.MAYFLY_BUNDLE_URL !== undefined && { bundleUrl: values.MAYFLY_BUNDLE_URL }),
    ...(values.MAYFLY_BUNDLE_LISTEN !== undefined && { bundleListen: values.MAYFLY_BUNDLE_LISTEN }),
    ...(values.MAYFLY_TRUST_BUNDLE_FILE !== undefined && { trustBundleFile: values.MAYFLY_TRUST_BUNDLE_FILE }),
    ...(upstream !== undefined && { upstream }),
    trustedProxies: values.MAYFLY_TRUSTED_PROXIES,
    ...(values.MAYFLY_METRICS_LISTEN !== undefined && { metricsListen: values.MAYFLY_METRICS_LISTEN }),
    database:
      url === undefined
        ? { kind: 'embedded', dataDir: values.MAYFLY_DATA_DIR, ...(runAs !== undefined && { runAs }) }
        : { kind: 'external', url },
    databasePoolSize: values.MAYFLY_DATABASE_POOL_SIZE,
    kek:
      values.MAYFLY_KEK === undefined
        ? { file: values.MAYFLY_KEK_FILE ?? join(defaultSecretsDir, 'kek') }
        : { text: values.MAYFLY_KEK },
    ...(values.MAYFLY_KEK_PREVIOUS_FILE !== undefined && { kekPreviousFile: values.MAYFLY_KEK_PREVIOUS_FILE }),
    bootstrapFile: values.MAYFLY_BOOTSTRAP_FILE,
    trustDomain: values.MAYFLY_TRUST_DOMAIN,
    logLevel: values.MAYFLY_LOG_LEVEL,
    ...(values.MAYFLY_OTEL_ENDPOINT !== undefined && { otelEndpoint: values.MAYFLY_OTEL_ENDPOINT }),
    callerRequestsPerSecond: values.MAYFLY_CALLER_REQUESTS_PER_SECOND,
    refusalsPerMinute: values.MAYFLY_REFUSALS_PER_MINUTE,
    signInsPerMinute: values.MAYFLY_SIGN_INS_PER_MINUTE,
    maxIdentityDays: values.MAYFLY_MAX_IDENTITY_DAYS,
    loginRotationDays: values.MAYFLY_LOGIN_ROTATION_DAYS,
    looks: {
      sampleSeconds: values.MAYFLY_SAMPLE_SECONDS,
      sweepSeconds: values.MAYFLY_SWEEP_SECONDS,
      orphans: values.MAYFLY_ORPHANS,
    },
    ...kubernetesOf(values),
  }
}

function kubernetesOf(values: z.output<typeof environmentSchema>): Pick<Config, 'kubernetes'> {
  const {
    MAYFLY_KUBERNETES_API_URL: apiUrl,
    MAYFLY_KUBERNETES_TOKEN_FILE: tokenFile,
    MAYFLY_KUBERNETES_CA_FILE: caFile,
  } = values
  if (apiUrl === undefined || tokenFile === undefined) return {}
  return { kubernetes: { apiUrl, tokenFile, ...(caFile !== undefined && { caFile }) } }
}

function unusable(fields: readonly FieldProblem[]): MayflyError {
  return new MayflyError('configuration_invalid', { publicDetail: 'the configuration is not usable', fields })
}
