/**
 * The settings that an embedded server runs with. They are given on its command line, which no `ALTER SYSTEM` and no
 * edited file overrides.
 */
import { MayflyError } from '@mayfly/domain'

/**
 * Who may connect and what gets into the log are not open to choice. The log holds no statement: one that fails may
 * be `ALTER ROLE … PASSWORD …`. DETAIL and CONTEXT (`log_error_verbosity`) may hold values of rows.
 */
const fixed = {
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '%p ',
  log_statement: 'none',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_transaction_sample_rate: '0',
  log_error_verbosity: 'terse',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  debug_print_parse: 'off',
  debug_print_rewritten: 'off',
  debug_print_plan: 'off',
  lc_messages: 'C',
  password_encryption: 'scram-sha-256',
} as const

const defaults = { timezone: 'UTC', log_timezone: 'UTC', shared_preload_libraries: '' } as const

const withoutDurability = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } as const

/** Decided by `startEmbeddedPostgres` from its other options. */
const ours = [
  'listen_addresses',
  'port',
  'unix_socket_directories',
  'unix_socket_permissions',
  'data_directory',
  'hba_file',
  'ident_file',
  'config_file',
]

export interface ListenAt {
  readonly port: number
  /** Undefined: TCP on 127.0.0.1 only. */
  readonly socketDir: string | undefined
}

/** @throws MayflyError `configuration_invalid`: one of `chosen` is not open to choice, or not a setting's name */
export function serverArguments(
  clusterDir: string,
  at: ListenAt,
  { chosen, durable }: { chosen: Readonly<Record<string, string>>; durable: boolean },
): string[] {
  const refused = Object.keys(chosen).filter((name) => !mayChoose(name))
  if (refused.length > 0) {
    throw new MayflyError('configuration_invalid', {
      publicDetail: `the embedded database does not take ${refused.map((name) => `\`${name}\``).join(', ')}`,
      hint: 'leave it out, or set `MAYFLY_DATABASE_URL` to a PostgreSQL of your own',
    })
  }
  const settings = {
    ...defaults,
    ...(durable ? {} : withoutDurability),
    ...chosen,
    ...fixed,
    port: String(at.port),
    listen_addresses: at.socketDir === undefined ? '127.0.0.1' : '',
    unix_socket_directories: at.socketDir ?? '',
  }
  return ['-D', clusterDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

function mayChoose(name: string): boolean {
  return /^[a-z][a-z0-9_.]{0,62}$/.test(name) && !(name in fixed) && !ours.includes(name)
}
