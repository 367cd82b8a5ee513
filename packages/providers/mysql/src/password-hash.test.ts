import { Secret } from '@mayfly/provider-kit'
import { expect, test } from 'vitest'
import { cachingSha2Hash, nativeHash, newPassword, passwordHash } from './password-hash.ts'
import { sha256Crypt } from './sha256-crypt.ts'

test('mysql_native_password: the example of the documentation', () => {
  // MySQL 5.7 Reference Manual, PASSWORD('mypass').
  expect(nativeHash(new Secret('mypass'))).toBe('*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4')
})

test.for([
  ['saltstring', 'Hello world!', '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['saltstringsaltst', 'Hello world!', 'a5C8Ofk71MUIoKve2QuP9FMl.dwNgseF5tR1LGAL7iB'],
  ['abcdefgh', 'This is just a test', 'kkCPw5Lx/1QyVHbU0CduUhH6QLOkiXbmP1DILqA8z48'],
  [
    'roundstoolow',
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    '4a/RvtG46x5XoHsfPG5pMhntnJMVN.UqvylrPGhX6zA',
  ],
] as const)('SHA-256 crypt with salt %s is what `openssl passwd -5` makes', ([salt, password, digest]) => {
  expect(sha256Crypt(password, salt, 5_000)).toBe(digest)
})

test('caching_sha2_password: the form that MySQL stores, with a salt of its own each time', () => {
  const password = newPassword()
  expect(passwordHash(password, 'mysql')).toMatch(/^\$A\$005\$[./0-9A-Za-z]{63}$/)
  expect(passwordHash(password, 'mysql')).not.toBe(passwordHash(password, 'mysql'))
  expect(cachingSha2Hash(password, 'a'.repeat(20))).toBe(cachingSha2Hash(password, 'a'.repeat(20)))
})
