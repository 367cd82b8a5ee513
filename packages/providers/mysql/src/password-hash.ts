/**
 * Passwords and what the target keeps of them, made here so that a password never stands in a statement or in a log.
 *
 * MariaDB: `mysql_native_password`, the one method that every client of it knows: `*` and SHA-1 of SHA-1 in hex. A password
 * of 256 random bits does not need a slow hash against guessing.
 * MySQL 8: `caching_sha2_password`: `$A$005$`, 20 characters of salt, and SHA-256 crypt with 5,000 rounds.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '@mayfly/provider-kit'
import { sha256Crypt } from './sha256-crypt.ts'

export type Flavour = 'mariadb' | 'mysql'

/** 256 bits, in characters that need no quoting anywhere. */
export function newPassword(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}

export function passwordHash(password: Secret, flavour: Flavour): string {
  return flavour === 'mariadb' ? nativeHash(password) : cachingSha2Hash(password, newSalt())
}

export function nativeHash(password: Secret): string {
  const once = createHash('sha1').update(password.reveal()).digest()
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
}

/** @param salt 20 characters of `[./0-9A-Za-z]` */
export function cachingSha2Hash(password: Secret, salt: string): string {
  return `$A$005$${salt}${sha256Crypt(password.reveal(), salt, 5_000)}`
}

function newSalt(): string {
  const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  return Array.from(randomBytes(20), (byte) => alphabet[byte & 63]).join('')
}
