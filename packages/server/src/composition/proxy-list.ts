import { isIP } from 'node:net'
import { z } from 'zod'

/** Addresses and CIDRs with commas. A list that trusts everyone is refused: then any caller could write its address. */
export const proxyList = z.string().transform((text, ctx): readonly string[] => {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  for (const entry of entries) {
    const [address = '', prefix, more] = entry.split('/')
    const bits = isIP(address) === 6 ? 128 : 32
    const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits)
    if (isIP(address) === 0 || !fits || more !== undefined) {
      ctx.addIssue({
        code: 'custom',
        message: `\`${entry}\` is not an address or CIDR, e.g. \`10.0.0.7\` or \`10.0.0.0/24\``,
      })
    }
  }
  return entries
})
