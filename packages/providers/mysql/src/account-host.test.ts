import { MayflyError } from '@mayfly/domain'
import { describe, expect, test } from 'vitest'
import { accountHostOf, bindingUnder, netmaskOf } from './account-host.ts'
import { mysqlSettings } from './mysql-settings.ts'

const settings = (account_host: object) => mysqlSettings.parse({ host: 'db.example', account_host })

test('a network is written with its mask, a single address alone', () => {
  expect(netmaskOf('10.1.2.0/24')).toBe('10.1.2.0/255.255.255.0')
  expect(netmaskOf('10.1.0.0/20')).toBe('10.1.0.0/255.255.240.0')
  expect(netmaskOf('10.1.2.3/32')).toBe('10.1.2.3')
  for (const wrong of ['10.1.2.3/24', '10.1.2.0/7', '10.1.2/24', '10.1.2.256/32', '010.1.2.0/24', '10.1.2.0/24 ']) {
    expect(netmaskOf(wrong)).toBeUndefined()
  }
})

test('a wide network says too little to be called a binding', () => {
  expect(bindingUnder(settings({ mode: 'network', network: '10.1.2.0/24' }))).toBe('address')
  expect(bindingUnder(settings({ mode: 'network', network: '10.1.0.0/16' }))).toBe('none')
})

describe('the attested address', () => {
  const attested = settings({ mode: 'attested_address' })

  test('is the host, as the target sees it', () => {
    expect(bindingUnder(attested)).toBe('address')
    expect(accountHostOf(attested, { address: '10.1.2.3' })).toBe('10.1.2.3')
    expect(accountHostOf(attested, { address: '::ffff:10.1.2.3' })).toBe('10.1.2.3')
    expect(accountHostOf(attested, { address: '2001:DB8::1' })).toBe('2001:db8::1')
  })

  test.for([
    undefined,
    {},
    { address: '' },
    { address: '%' },
    { address: '10.1.2.%' },
    { address: 'fe80::1%eth0' },
    { address: "10.1.2.3' or '" },
  ])('where it is %o, nothing is issued', (holder) => {
    expect(() => accountHostOf(attested, holder)).toThrow(MayflyError)
  })
})

test('without the setting an address binds nothing', () => {
  expect(accountHostOf(settings({ mode: 'any' }), { address: '10.1.2.3' })).toBe('%')
  expect(bindingUnder(settings({ mode: 'any' }))).toBe('none')
})
