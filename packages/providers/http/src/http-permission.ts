import { hints } from '@mayfly/provider-kit'
import { z } from 'zod'

/** What a role permits: of the resource's `choices` one value each, e.g. `{"scope": "read"}`; a list where several are meant. */
export const httpPermission = z.strictObject({
  values: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, { error: 'is not a name of `choices`' }),
      z.union([z.string().max(200), z.int(), z.boolean(), z.array(z.string().max(200)).min(1).max(100)]),
    )
    .default({})
    .meta(hints({ asked: true, description: 'of each of the choices one, e.g. {"scope": "read"}' })),
})
export type HttpPermission = z.output<typeof httpPermission>
