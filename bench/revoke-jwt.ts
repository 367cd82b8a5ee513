/**
 * How long it takes until 1,000 tokens are called ended and a status list that says so is signed, against reading their rows,
 * setting the bits, compressing and signing them.
 */
import { generateKeyPairSync } from 'node:crypto'
import { defaultTenantId, type StatusListId } from '@mayfly/domain'
import { jwtProvider } from '@mayfly/provider-jwt'
import { sql } from 'kysely'
import { statusListSize } from '../packages/server/src/application/revocation/status-places.ts'
import { type Bench, timeResult } from './bench.ts'
import { countRemoved, endedCount, startEndedCredentials } from './ended-credentials.ts'
import { measureRawStatusList } from './limits/self-contained.ts'
import { statusListsOf } from './published.ts'

const rounds = 30
const signal = new AbortController().signal

export const revokeJwt: Bench = {
  name: 'revoke-jwt',
  about:
    '1,000 tokens called ended, and a status list that says so, against reading their rows, packing and signing them',
  async run(say) {
    const settings = jwtProvider.settings.parse({ audience: ['https://api.orders.example'] })
    const ended = await startEndedCredentials(jwtProvider, {
      settings: { audience: ['https://api.orders.example'] },
      secret: {},
      permission: { scopes: ['orders:read'] },
    })
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    try {
      const { rows } = await ended.life.inTenant((tx) =>
        sql<{ id: StatusListId }>`select distinct status_list_id as id from credential`.execute(tx.query),
      )
      const [list] = rows
      if (list === undefined || rows.length > 1) throw new Error('they are in one list')
      const [ours, limit]: [number[], number[]] = [[], []]
      const handles = ended.credentialIds.map((id) => jwtProvider.plan(id))
      const target = await jwtProvider.open({ settings, secret: {}, published: ended.ends() })
      for (let round = 0; round < rounds + 5; round += 1) {
        const rawMs = await ended.withRaw((query) => measureRawStatusList(query, list.id, statusListSize, privateKey))
        const lists = statusListsOf(ended.life)
        const { report, count } = countRemoved()
        const startMs = performance.now()
        await target.revoke(handles, report, signal)
        const said = await lists.find(defaultTenantId, list.id)
        const ms = performance.now() - startMs
        if (count() !== endedCount || said === undefined) throw new Error('one is missing')
        // The first ones warm up.
        if (round >= 5) ours.push(ms / 1_000)
        if (round >= 5) limit.push(rawMs / 1_000)
      }
      await target.close()
      say(`${rounds} rounds`)
      return [
        timeResult('revoke-jwt', 'seconds until listed', ours, limit, 'the rows read, packed, compressed and signed', {
          tokens: endedCount,
        }),
      ]
    } finally {
      await ended.close()
    }
  },
}
