/** Tokens before an API that checks signature, time and audience with jose, and reads the status list anew for each request. */
import { inflateSync } from 'node:zlib'
import { defaultTenantId, type StatusListId } from '@mayfly/domain'
import type { AccountHandle } from '@mayfly/provider-kit'
import { jwtProvider } from '@mayfly/provider-jwt'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import { publishedKeys } from '../../packages/server/src/adapters/keys/published-keys.ts'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import type { StatusLists } from '../../packages/server/src/application/proof/status-list-token.ts'
import { statusListsOf } from '../published.ts'
import { type DeadTarget, textOf } from './dead-target.ts'

const issuer = 'https://mayfly.example.com'
const audience = 'https://api.orders.example'

interface Place {
  readonly uri: string
  readonly idx: number
}

export async function startDeadJwt(): Promise<DeadTarget> {
  let lists: StatusLists | undefined
  let keySet: ReturnType<typeof createLocalJWKSet> | undefined
  const places = new Map<string, Place>()

  /** @returns the bits of a list as it is now */
  async function readList(uri: string): Promise<Buffer> {
    const said = await lists?.find(defaultTenantId, uri.slice(uri.lastIndexOf('/') + 1) as StatusListId)
    if (said === undefined || keySet === undefined) throw new Error('there is no such list')
    const { payload } = await jwtVerify(said.token, keySet, { typ: 'statuslist+jwt' })
    const { status_list: list } = payload as { status_list?: { bits: number; lst: string } }
    if (list?.bits !== 1) throw new Error('a list has one bit a token')
    return inflateSync(Buffer.from(list.lst, 'base64url'))
  }

  return {
    kind: 'jwt',
    provider: jwtProvider as unknown as Provider,
    resource: { settings: { audience: [audience] }, secret: {}, permission: { scopes: ['orders:read'] } },
    async attach(life) {
      keySet = createLocalJWKSet({ keys: [...(await life.inTenant((tx) => publishedKeys(life.keys, tx)))] })
      lists = statusListsOf(life)
    },
    learn({ accountName }, fields) {
      const [, payload = ''] = textOf(fields, 'token').split('.')
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
        status: { status_list: Place }
      }
      places.set(accountName, claims.status.status_list)
    },
    async logIn(fields) {
      if (keySet === undefined) throw new Error('it has no keys')
      try {
        const { payload } = await jwtVerify(textOf(fields, 'token'), keySet, { issuer, audience })
        const { status_list: place } = payload['status'] as { status_list: Place }
        return !isSet(await readList(place.uri), place.idx)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return false
        throw error
      }
    },
    async present(handles: readonly AccountHandle[]) {
      const read = new Map<string, Buffer>()
      const present = new Set<string>()
      for (const { accountName } of handles) {
        const place = places.get(accountName)
        if (place === undefined) throw new Error('a token that nobody was told of')
        const bits = read.get(place.uri) ?? (await readList(place.uri))
        read.set(place.uri, bits)
        if (!isSet(bits, place.idx)) present.add(accountName)
      }
      return present
    },
    close: async () => undefined,
  }
}

function isSet(bits: Buffer, index: number): boolean {
  return (((bits[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1
}
