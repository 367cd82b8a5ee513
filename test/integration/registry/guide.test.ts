/** The manifest of the guide is one that works. */
import { readFile } from 'node:fs/promises'
import { type JsonObject, resolveManifestSecrets } from '@mayfly/domain'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { applyManifest } from '../../../packages/server/src/application/registry/apply-manifest.ts'
import { createRegistryFixture } from './registry-fixture.ts'

const guide = new URL('../../../docs/guides/apply.md', import.meta.url)

test('the file in docs/guides/apply.md applies, and applied again changes nothing', async () => {
  const yaml = /```yaml\n(.*?)```/s.exec(await readFile(guide, 'utf8'))?.[1] ?? ''
  const { manifest, faults } = resolveManifestSecrets(parse(yaml) as JsonObject, () => 'a-password')
  expect(faults).toEqual([])
  const registry = await createRegistryFixture()
  try {
    const apply = () => registry.change((by) => applyManifest(registry.deps, by, manifest))
    expect((await apply()).plan).toMatchObject({ created: 112, updated: 0 })
    expect((await apply()).plan).toMatchObject({ created: 0, updated: 0, unchanged: 112 })
  } finally {
    await registry.close()
  }
})
