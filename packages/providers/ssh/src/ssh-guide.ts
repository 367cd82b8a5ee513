import { readFileSync } from 'node:fs'

/** What a host needs, as one script for root that can be run again: read when it is asked for. */
export function sshGuide(): string {
  const program = readFileSync(new URL('../host/mayfly-ssh', import.meta.url), 'utf8')
  return `#!/bin/sh
# What a host needs so that Mayfly decides who logs in there: run it as root, on each host. It can be run again.
# First:   mayfly resource document RESOURCE user-ca.pub >/etc/ssh/mayfly-user-ca.pub
# Needs:   OpenSSH 8.2 or later with sshd_config.d, perl (perl-base is enough), sudo; Linux.
set -eu
[ -s /etc/ssh/mayfly-user-ca.pub ] || { echo "fetch the user authority first: see above" >&2; exit 1; }

# 1. The program that sshd asks, and that Mayfly speaks with. Only root can change it.
install -d -m 755 /usr/local/libexec
cat >/usr/local/libexec/mayfly-ssh <<'MAYFLY_SSH'
${program}MAYFLY_SSH
chmod 755 /usr/local/libexec/mayfly-ssh

# 2. Its lists. An empty list of what has ended is a list; none would lock everybody out.
install -d -m 755 /etc/ssh/mayfly /etc/ssh/mayfly/principals.d
[ -e /etc/ssh/mayfly/ended ] || : >/etc/ssh/mayfly/ended
[ -e /etc/ssh/mayfly/krl ] || ssh-keygen -q -k -f /etc/ssh/mayfly/krl
[ -e /etc/ssh/mayfly/number ] || echo "0 $(sha256sum </etc/ssh/mayfly/krl | cut -c 1-64)" >/etc/ssh/mayfly/number

# 3. Mayfly's own user: nothing but this one program, and only with a certificate that Mayfly signed for itself.
id mayfly >/dev/null 2>&1 || useradd --system --create-home --shell /bin/sh mayfly
printf '%s\\n' mayfly 'sudo -n /usr/local/libexec/mayfly-ssh' >/etc/ssh/mayfly/agent
echo 'mayfly ALL=(root) NOPASSWD: /usr/local/libexec/mayfly-ssh serve /etc/ssh/mayfly /run/mayfly-ssh' >/etc/sudoers.d/mayfly-ssh
chmod 440 /etc/sudoers.d/mayfly-ssh

# 4. sshd. Passwords and authorized_keys stay as they are: take them away where everybody comes by certificate.
cat >/etc/ssh/sshd_config.d/10-mayfly.conf <<'SSHD'
TrustedUserCAKeys /etc/ssh/mayfly-user-ca.pub
RevokedKeys /etc/ssh/mayfly/krl
AuthorizedPrincipalsCommand /usr/local/libexec/mayfly-ssh principals /etc/ssh/mayfly /run/mayfly-ssh %u %i %s
AuthorizedPrincipalsCommandUser root
SSHD
sshd -t
systemctl reload ssh 2>/dev/null || systemctl reload sshd 2>/dev/null || echo "reload sshd now: until then it asks nobody" >&2

# 5. Who may log in as whom: by default a principal is the name of the user. More, one a line:
#    echo 'deploy' >/etc/ssh/mayfly/principals.d/www-data
`
}
