/**
 * The fields of the configuration, as data: checked, documented (docs/reference/host-agent.md) and misspelt ones explained
 * from the same table.
 */
export interface ConfigField {
  readonly kind:
    | 'text'
    | 'absolute path'
    | 'whole number'
    | 'file mode'
    | 'list of texts'
    | 'object'
    | 'list of objects'
  /** One sentence. */
  readonly about: string
  readonly isRequired?: true
  readonly least?: number
  readonly most?: number
  readonly default?: string | number
  readonly pattern?: { readonly test: RegExp; readonly says: string }
  readonly fields?: ConfigFields
}

export type ConfigFields = Readonly<Record<string, ConfigField>>

const name = { test: /^[a-z0-9][a-z0-9._-]{0,62}$/, says: 'a name of lower-case letters, digits, `.`, `_` and `-`' }
const role = { test: /^[^\s/]+\/[^\s/]+$/, says: 'a role: `resource/role`' }
const signal = {
  test: /^SIG(HUP|INT|TERM|USR1|USR2|WINCH)$/,
  says: 'one of SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH',
}
const owner = { test: /^[\w.-]+(:[\w.-]+)?$/, says: '`user` or `user:group`, by name or number' }
const url = {
  test: /^https?:\/\/[^/\s?#]+(\/[^/\s?#]+)*$/,
  says: 'the address of the server: `https://mayfly.example.com`',
}

export const fileFields: ConfigFields = {
  name: {
    kind: 'text',
    about: 'The files are those of the identity that a binding ties to the selector `mayfly:file:<name>`.',
    isRequired: true,
    pattern: name,
  },
  certificate: { kind: 'absolute path', about: 'The X.509-SVID with its intermediates, PEM. Goes with `key`.' },
  key: { kind: 'absolute path', about: 'Its private key, PEM (PKCS#8). Goes with `certificate`.' },
  bundle: { kind: 'absolute path', about: 'The authorities of the own trust domain, PEM.' },
  jwt: {
    kind: 'list of objects',
    about: 'JWT-SVIDs.',
    most: 20,
    fields: {
      audience: { kind: 'list of texts', about: 'Whom the token is for.', isRequired: true, most: 20 },
      path: { kind: 'absolute path', about: 'The file that holds the token alone.', isRequired: true },
    },
  },
  credentials: {
    kind: 'list of objects',
    about: 'Credentials of roles, issued to the same identity, renewed while the agent runs.',
    most: 20,
    fields: {
      role: { kind: 'text', about: 'The role, `resource/role`.', isRequired: true, pattern: role },
      path: {
        kind: 'absolute path',
        about: 'The file: JSON with `fields`, `expires_at` and `credential_id`.',
        isRequired: true,
      },
    },
  },
  mode: { kind: 'file mode', about: 'The mode of the files, octal, as text.', default: '0600' },
  owner: { kind: 'text', about: 'Who owns the files; another than the agent itself needs root.', pattern: owner },
  after_change: {
    kind: 'object',
    about: 'What is done once files have changed: `command`, or `pid_file` with `signal`.',
    fields: {
      command: { kind: 'list of texts', about: 'A program with its arguments; no shell. At most 30 s.', most: 50 },
      pid_file: { kind: 'absolute path', about: 'Holds the number of the process that is sent the signal.' },
      signal: { kind: 'text', about: 'The signal.', pattern: signal, default: 'SIGHUP' },
    },
  },
}

export const configFields: ConfigFields = {
  server: { kind: 'text', about: 'The server.', pattern: url },
  identity: { kind: 'text', about: 'The identity of the agent itself.' },
  key_file: { kind: 'absolute path', about: 'The private key that it proves itself with. Or `token_file`.' },
  token_file: {
    kind: 'absolute path',
    about: 'A token of the platform that it runs on, read anew each time. Or `key_file`.',
  },
  trust_provider: { kind: 'text', about: 'The `host_agent` trust provider, where there are several.' },
  socket: { kind: 'absolute path', about: 'The unix socket.', default: '/run/mayfly/agent.sock' },
  socket_mode: {
    kind: 'file mode',
    about: 'Who may connect at all; what they get is decided by attestation.',
    default: '0666',
  },
  grace_seconds: {
    kind: 'whole number',
    about:
      'How long past the freshness of an attestation what is valid still is served, while the server does not answer. ' +
      'Never past the end of a certificate, never after a revocation that is known. Reported to the server afterwards.',
    least: 0,
    most: 3_600,
    default: 0,
  },
  silence_seconds: {
    kind: 'whole number',
    about:
      'How long the server may be silent on the stream of events, on which it says something every 3 seconds, before it ' +
      'counts as away. What is served from then on is reported to the server afterwards, as grace is: a revocation may ' +
      'have come that is not heard.',
    least: 5,
    most: 300,
    default: 10,
  },
  x509_ttl_seconds: {
    kind: 'whole number',
    about: 'The life asked for; the server may grant less.',
    least: 1,
    most: 604_800,
  },
  jwt_ttl_seconds: {
    kind: 'whole number',
    about: 'The life asked for; the server may grant less.',
    least: 1,
    most: 86_400,
  },
  max_executable_bytes: {
    kind: 'whole number',
    about: 'Larger programs have no `unix:sha256`.',
    least: 0,
    most: 4_294_967_296,
    default: 268_435_456,
  },
  files: { kind: 'list of objects', about: 'What is written to files.', most: 100, fields: fileFields },
}
