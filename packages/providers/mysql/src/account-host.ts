import { isIP } from 'node:net'
import { MayflyError, type BoundTo } from '@mayfly/domain'
import type { Holder } from '@mayfly/provider-kit'
import type { MysqlSettings } from './mysql-settings.ts'

/** A wider network than this says little about who is in it. */
const bindingPrefixLength = 24

/**
 * The host part of an account: from where it may log in.
 *
 * @throws MayflyError `target_refused`: the resource binds to an address, and none is known
 */
export function accountHostOf(
  { account_host: wanted }: Pick<MysqlSettings, 'account_host'>,
  holder: Holder | undefined,
): string {
  switch (wanted.mode) {
    case 'any':
      return '%'
    case 'network': {
      const host = netmaskOf(wanted.network)
      if (host !== undefined) return host
      throw new MayflyError('internal', { log: 'mysql: a network that settings refuse' })
    }
    case 'attested_address': {
      const address = holder?.address?.toLowerCase()
      if (address !== undefined && isIP(address) !== 0 && !address.includes('%')) return withoutMapping(address)
      throw new MayflyError('target_refused', {
        publicDetail:
          'logins of this resource are bound to the address where the workload proved itself, and that is not known',
        hint: 'let the workload prove itself to Mayfly directly, or set `account_host` of the resource to another mode',
      })
    }
  }
}

/** What every account of a resource with these settings is bound to. */
export function bindingUnder(settings: Pick<MysqlSettings, 'account_host' | 'client_certificates'>): BoundTo {
  const { account_host: wanted, client_certificates: certificates } = settings
  if (certificates !== undefined) return 'key'
  switch (wanted.mode) {
    case 'any':
      return 'none'
    case 'attested_address':
      return 'address'
    case 'network':
      return splitNetwork(wanted.network).prefixLength >= bindingPrefixLength ? 'address' : 'none'
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
