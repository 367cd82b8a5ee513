/** Cases for `Enumerable`: what stands at the target can be listed, each name once, and read back to its credential. */
import { strict as assert } from 'node:assert'
import { type CredentialId, newId } from '@mayfly/domain'
import { type CaseKit, neverAborted, rejectsWithMayflyError } from './case-kit.ts'
import type { ConformanceCase, OpenTarget } from './conformance.ts'

/** More than one page of a target that lists by small pages, and still quick to make. */
const listedCount = 12

export function enumerationCases<Settings, Permission, SecretFields>(
  kit: CaseKit<Settings, Permission, SecretFields>,
): readonly ConformanceCase[] {
  const { provider } = kit.fixture
  return [
    {
      name: 'credentialOf, where offered, reads back each name that `plan` makes and no other',
      async run() {
        if (!provider.credentialOf) return
        const credentialOf = (name: string) => provider.credentialOf?.(name)
        for (let round = 0; round < 200; round++) {
          const id = newId<CredentialId>()
          assert.equal(credentialOf(provider.plan(id).accountName), id, 'the name of a credential is read back to it')
        }
        const { accountName } = provider.plan(newId())
        for (const other of ['', 'postgres', 'admin', `${accountName}\n`, ` ${accountName}`, `${accountName}x`]) {
          assert.equal(credentialOf(other), undefined, `${JSON.stringify(other)} is nobody's`)
        }
        assert.equal(credentialOf(accountName.slice(0, -1)), undefined, 'a name cut short is nobody’s')
      },
    },
    {
      name: 'listAccounts, where offered, gives each account once, of Mayfly alone, and stops when it is told to',
      run: () =>
        kit.withTarget(async (target, plan) => {
          const { listAccounts } = target
          if (!listAccounts) return
          assert.ok(provider.credentialOf !== undefined, 'a provider that lists accounts has `credentialOf`')
          const handles = Array.from({ length: listedCount }, plan)
          for (const handle of handles) await kit.issue(target, handle)
          const listed = await listAll(target)
          const ours = new Set(handles.map((handle) => handle.accountName))
          assert.deepEqual(
            listed.filter((name) => ours.has(name)).toSorted(),
            [...ours].toSorted(),
            'each account is listed, and once',
          )
          for (const name of listed)
            assert.notEqual(provider.credentialOf(name), undefined, `\`${name}\` is not Mayfly's`)
          await rejectsWithMayflyError(listAll(target, AbortSignal.abort()))
        }),
    },
  ]
}

async function listAll<Permission>(target: OpenTarget<Permission>, signal = neverAborted): Promise<readonly string[]> {
  const names: string[] = []
  for await (const name of target.listAccounts?.(signal) ?? []) names.push(name)
  return names
}
