/** JWT-SVIDs of one workload, kept until half of their life: one for each identity and set of audiences. */
import { type JwtSvid } from '../authority/authority.ts'
import { halfLifeMs, type Timing } from '../timing.ts'

export interface JwtSvidCache {
  /**
   * @param request asks the server for a new one
   * @returns a kept one where it is young enough, or where no new one can be had and it is valid still
   * @throws what `request` throws, where there is none
   */
  get(key: JwtSvidKey, request: () => Promise<JwtSvid | 'ended'>): Promise<JwtSvid | 'ended'>
  clear(): void
}

export interface JwtSvidKey {
  readonly spiffeId: string
  readonly audiences: readonly string[]
}

const maxKept = 200
/** What is about to expire is of no use to whoever gets it. */
const leastLeftMs = 2_000

interface Kept {
  readonly svid: JwtSvid
  readonly renewAtMs: number
}

export function makeJwtSvidCache(timing: Timing): JwtSvidCache {
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<JwtSvid | 'ended'>>()
  let generation = 0

  async function renew(key: string, request: () => Promise<JwtSvid | 'ended'>): Promise<JwtSvid | 'ended'> {
    const asked = generation
    try {
      const svid = await request()
      // Cleared while it was on its way: it may be signed by the very key that is not to be believed any more.
      if (svid === 'ended' || asked !== generation) return svid
      kept.delete(key)
      kept.set(key, { svid, renewAtMs: halfLifeMs(timing, svid.issuedAtMs, svid.expiresAtMs) })
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break
        kept.delete(oldest)
      }
      return svid
    } catch (error) {
      const old = kept.get(key)
      if (old !== undefined && old.svid.expiresAtMs - timing.now() > leastLeftMs) return old.svid
      throw error
    }
  }

  return {
    get({ spiffeId, audiences }, request) {
      const key = JSON.stringify([spiffeId, ...[...new Set(audiences)].sort()])
      const known = kept.get(key)
      if (known !== undefined && timing.now() < known.renewAtMs) return Promise.resolve(known.svid)
      const running = underWay.get(key) ?? renew(key, request).finally(() => underWay.delete(key))
      underWay.set(key, running)
      return running
    },
    clear() {
      generation += 1
      kept.clear()
    },
  }
}
