import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimDataDir } from './claim-data-dir.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claim-'))
})
afterEach(() => rm(dir, { recursive: true }))

const deadPid = 2 ** 22 + 1
const staleClaim = JSON.stringify({ pid: deadPid, identity: 'boot/1', state: 'held' })

test('a claimed directory is refused until it is released', async () => {
  const claim = await claimDataDir(dir)
  expect(claim.serverMayRun).toBe(false)
  await expect(claimDataDir(dir)).rejects.toMatchObject({ code: 'configuration_invalid' })
  await claim.release('released')
  await expect(claimDataDir(dir)).resolves.toMatchObject({ serverMayRun: false })
  expect(await readdir(dir)).toEqual(['owner.2.json'])
})

test('releasing twice does not take away the claim of the next', async () => {
  const first = await claimDataDir(dir)
  await first.release('released')
  await claimDataDir(dir)
  await first.release('released')
  await expect(claimDataDir(dir)).rejects.toMatchObject({ code: 'configuration_invalid' })
})

test('a claim that is given up passes on that a server may still run', async () => {
  await writeFile(join(dir, 'owner.7.json'), staleClaim)
  const first = await claimDataDir(dir)
  await first.release('given_up')
  expect(await claimDataDir(dir)).toMatchObject({ serverMayRun: true })
})

test.for([
  ['of a process that has ended', staleClaim],
  ['of a process whose number was used again', JSON.stringify({ ...JSON.parse(staleClaim), pid: process.pid })],
  ['that a crash of the machine emptied', ''],
] as const)('the claim %s is taken over, and said to be left behind', async ([, text]) => {
  await writeFile(join(dir, 'owner.7.json'), text)
  expect(await claimDataDir(dir)).toMatchObject({ serverMayRun: true })
  expect(await readdir(dir)).toEqual(['owner.8.json'])
})

test('of many that claim a stale directory at once, one gets it', async () => {
  for (let round = 0; round < 20; round += 1) {
    await writeFile(join(dir, `owner.${round * 100 + 100}.json`), staleClaim)
    const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimDataDir(dir)))
    const won = claims.filter((claim) => claim.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await won[0]?.value.release('released')
    expect(await readdir(dir)).toHaveLength(1)
  }
})
