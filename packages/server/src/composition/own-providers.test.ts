import { expect, test } from 'vitest'
import { collectFaults } from '../application/registry/faults.ts'
import { ownProviders } from './own-providers.ts'

const providerOf = (kind: string) => {
  const provider = ownProviders.find((one) => one.kind === kind)
  if (provider === undefined) throw new Error(`there is no ${kind}`)
  return provider
}

function faultsOf(kind: string, settings: unknown) {
  const faults = collectFaults()
  faults.parse('/settings', providerOf(kind).settings, settings)
  try {
    faults.refuse()
    return []
  } catch (error) {
    return (error as { options: { fields: readonly { pointer: string; detail: string }[] } }).options.fields
  }
}

test.each(['http', 'mysql', 'postgres', 'rabbitmq', 'redis'])(
  'what is wrong with the settings of `%s` is said in the same words where a static secret borrows them',
  (kind) => {
    for (const given of [
      {},
      { host: 5, hots: 'x', base_url: 'ftp://x', management_url: '', tls: { mode: 'on' }, port: 0 },
    ]) {
      const own = faultsOf(kind, given)
      expect(own.length, 'control: something is wrong').toBeGreaterThan(0)
      const borrowed = faultsOf('static', { system: kind, settings: given, accounts: ['app'] })
      expect(borrowed).toEqual(
        own.map((one) => ({ ...one, pointer: one.pointer.replace('/settings', '/settings/settings') })),
      )
    }
  },
)
