import { expect, test } from 'vitest'
import { resolveManifestSecrets, type SecretSource } from './resolve-manifest-secrets.ts'

const read = (source: SecretSource) =>
  'env' in source ? { DB: 'from-env' }[source.env] : { '/run/db': 'from-file' }[source.file]

test('secrets come from the environment and from files, the user name may be written out', () => {
  const { manifest, faults } = resolveManifestSecrets(
    {
      version: 1,
      resources: [
        { name: 'a', secret: { username: 'adm', password: { env: 'DB' } } },
        { template: { name: '{{n}}', secret: { username: 'adm', password: { file: '/run/db' } } }, count: 2 },
        { name: 'unchanged' },
      ],
    },
    read,
  )
  expect(faults).toEqual([])
  expect(manifest['resources']).toEqual([
    { name: 'a', secret: { username: 'adm', password: 'from-env' } },
    { template: { name: '{{n}}', secret: { username: 'adm', password: 'from-file' } }, count: 2 },
    { name: 'unchanged' },
  ])
})

test('a password in the file is refused, and the refusal does not repeat it', () => {
  const { faults } = resolveManifestSecrets({ resources: [{ secret: { username: 'adm', password: 'hunter2' } }] }, read)
  expect(faults).toHaveLength(1)
  expect(faults[0]?.pointer).toBe('/resources/0/secret/password')
  expect(JSON.stringify(faults)).not.toContain('hunter2')
})

test('a missing variable and a missing file are named, all at once', () => {
  const { faults } = resolveManifestSecrets(
    { resources: [{ secret: { password: { env: 'NOPE' }, token: { file: '/nope' } } }] },
    read,
  )
  expect(faults.map((fault) => fault.detail)).toEqual([
    'the environment variable `NOPE` is missing or empty',
    'the file `/nope` is missing or empty',
  ])
})
