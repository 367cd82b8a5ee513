import { generateKeyPairSync } from 'node:crypto'
import { canonicalJson } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import type { SshSecret, SshSettings } from './ssh-settings.ts'

/** Of each authority: what was entered; else what is in force; else a new one. */
export async function completeSecret(
  _settings: SshSettings,
  entered: SshSecret,
  current: SshSecret | undefined,
): Promise<Secret> {
  const keyOf = (name: 'user_authority_key' | 'host_authority_key') =>
    (entered[name] ?? current?.[name])?.reveal() ?? makeKey()
  return new Secret(
    canonicalJson({ user_authority_key: keyOf('user_authority_key'), host_authority_key: keyOf('host_authority_key') }),
  )
}

function makeKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
}
