/** What the processes of these suites are told by their parent: in the environment, since arguments are seen by all. */
export function parentProcessEnv(): Record<string, string> {
  return JSON.parse(process.env['FAULT_INPUT'] ?? '{}') as Record<string, string>
}
