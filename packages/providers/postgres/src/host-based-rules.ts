/**
 * The lines with which pg_hba.conf of a target must begin, so that members of `group` come in with their password and
 * their own client certificate, and in no other way.
 *
 * Mayfly's login comes first. A role that may clear up after a login, or put logins into the group, is a member of it, and
 * the target would ask it for a certificate too.
 */
export function hostBasedRules({
  login,
  group,
}: {
  readonly login: string
  readonly group: string
}): readonly string[] {
  const members = `+${hostBasedName(group)}`
  return [
    `hostssl all ${hostBasedName(login)} all scram-sha-256`,
    `hostssl all ${members} all scram-sha-256 clientcert=verify-full`,
    `host all ${members} all reject`,
    `local all ${members} reject`,
  ]
}

/** PostgreSQL documentation, "The pg_hba.conf File": what is quoted is no keyword; `"` is doubled. */
function hostBasedName(name: string): string {
  return /^(?!all$)[a-z0-9_]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
