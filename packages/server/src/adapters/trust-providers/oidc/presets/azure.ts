/** Microsoft Entra ID: tokens of managed identities and applications. */
import { type Preset, refusePatterns, requireOneOf, tooWide } from './preset.ts'

const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const ofOneTenant = new RegExp(
  `^https://(login\\.microsoftonline\\.(com|us)/${uuid}/v2\\.0|sts\\.windows\\.net/${uuid}/|login\\.partner\\.microsoftonline\\.cn/${uuid}/v2\\.0)$`,
)

export const azure: Preset = {
  name: 'azure',
  title: 'Microsoft Entra ID',
  issuerFault: (issuer) =>
    isLoopback(issuer) || ofOneTenant.test(issuer)
      ? undefined
      : 'must be of one directory: `https://login.microsoftonline.com/TENANT-ID/v2.0`, or `https://sts.windows.net/TENANT-ID/`; `common`, `organizations` and `consumers` are everybody',
  algorithms: ['RS256'],
  maxAgeSeconds: 7200,
  instanceClaims: [],
  policyClaims: ['tid', 'oid', 'appid', 'azp', 'idtyp', 'appidacr', 'azpacr', 'xms_mirid', 'ver'],
  judgeBinding(binding) {
    refusePatterns(binding)
    requireOneOf(
      binding,
      ['tid'],
      '`sub` does not say in which directory',
      'add `tid`, the id of the directory, to `claims`',
    )
    requireOneOf(
      binding,
      ['oid'],
      '`sub` differs with the application that the token is for',
      'add `oid`, the object id of the managed identity or service principal, to `claims`',
    )
    for (const name of ['tid', 'oid']) {
      if (new RegExp(`^${uuid}$`).test(String(binding.claims[name]))) continue
      throw tooWide(`/claims/${name}`, `\`${String(binding.claims[name])}\` is no object id`, 'write it in lower case')
    }
  },
}

function isLoopback(issuer: string): boolean {
  return issuer.startsWith('http://')
}
