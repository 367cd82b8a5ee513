import { isIP } from 'node:net'
import { MayflyError, type BoundTo } from '@mayfly/domain'
import type { Holder } from '@mayfly/provider-kit'
import type { MysqlSettings } from './mysql-settings.ts'

/** The host part of an account: from where it may log in, and what that binds it to. */
export interface AccountHost {
  readonly host: string
  readonly boundTo: BoundTo
}

/** A wider network than this says little about who is in it. */
const bindingPrefixLength = 24

/** @throws MayflyError `target_refused`: the resource binds to an address, and none is known */
export function accountHostOf(settings: MysqlSettings, holder: Holder | undefined): AccountHost {
  const { account_host: wanted } = settings
  switch (wanted.mode) {
    case 'any':
      return { host: '%', boundTo: 'none' }
    case 'network': {
      const { prefixLength } = splitNetwork(wanted.network)
      const host = netmaskOf(wanted.network)
      if (host === undefined) throw new MayflyError('internal', { log: 'mysql: a network that settings refuse' })
      return { host, boundTo: prefixLength >= bindingPrefixLength ? 'address' : 'none' }
    }
    case 'attested_address': {
      const address = holder?.address?.toLowerCase()
      if (address !== undefined && isIP(address) !== 0 && !address.includes('%')) {
        return { host: withoutMapping(address), boundTo: 'address' }
      }
      throw new MayflyError('target_refused', {
        publicDetail:
          'logins of this resource are bound to the address where the workload proved itself, and that is not known',
        hint: 'let the workload prove itself to Mayfly directly, or set `account_host` of the resource to another mode',
      })
    }
  }
}

/**
 * `10.1.2.0/24` as the target writes it in an account's name, `10.1.2.0/255.255.255.0`.
 *
 * @returns undefined where it is not such a network: bits behind the prefix would make an account that never matches
 */
export function netmaskOf(network: string): string | undefined {
  if (!/^[0-9.]{7,15}\/[0-9]{1,2}$/.test(network)) return undefined
  const { address, prefixLength } = splitNetwork(network)
  if (isIP(address) !== 4 || prefixLength < 8 || prefixLength > 32) return undefined
  const mask = (0xff_ff_ff_ff << (32 - prefixLength)) >>> 0
  const bits = address.split('.').reduce((value, part) => value * 256 + Number(part), 0)
  if ((bits & ~mask) !== 0) return undefined
  return prefixLength === 32 ? address : `${address}/${dotted(mask)}`
}

function splitNetwork(network: string): { address: string; prefixLength: number } {
  const [address = '', length = ''] = network.split('/')
  return { address, prefixLength: Number(length) }
}

function dotted(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.')
}

/** The target sees IPv4 as such, also over a socket of IPv6. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
