/** Fields that the settings of several kinds share. */
import { z } from 'zod'
import { isFetchableUrl } from '@mayfly/provider-kit'

export const fetchable = z
  .string()
  .max(2000)
  .refine(isFetchableUrl, 'must be an https:// address without user, password or fragment (http:// on loopback only)')

export const httpsUrl = z
  .string()
  .max(2000)
  .refine(
    (text) => isFetchableUrl(text) && text.startsWith('https:'),
    'must be an https:// address without user, password or fragment',
  )

export const claimName = z.string().min(1).max(200)

export const caPem = z.string().max(65_536).startsWith('-----BEGIN CERTIFICATE-----')
