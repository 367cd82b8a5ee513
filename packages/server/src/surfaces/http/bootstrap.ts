/** The first administrator. */
import { defaultTenantId, type PersonId } from '@mayfly/domain'
import { Secret } from '@mayfly/provider-kit'
import { z } from 'zod'
import type { CoreDeps } from '../../application/context.ts'
import { removeBootstrapFile } from '../../application/proof/make-bootstrap.ts'
import { useBootstrap } from '../../application/proof/use-bootstrap.ts'
import { definePublicRoute, type Route } from './define-route.ts'
import { id } from './wire.ts'

const secret = z
  .string()
  .regex(/^\s*[A-Za-z0-9_-]{43}\s*$/, { error: 'not a bootstrap secret: 43 characters, as they stand in the file' })

const administrator = z
  .object({
    person_id: id<PersonId>(),
    client_id: z.string().meta({ description: '`iss` and `sub` of the assertions that the key will sign' }),
    kid: z.string().meta({ description: "The key's thumbprint (RFC 7638): `kid` of these assertions" }),
  })
  .meta({ id: 'FirstAdministrator' })

export interface BootstrapDeps extends CoreDeps {
  /** Where the secret was written; gone once it is used. */
  readonly bootstrapFile?: string | undefined
}

export const bootstrapRoutes: readonly Route<BootstrapDeps>[] = [
  definePublicRoute({
    method: 'POST',
    path: '/v1/bootstrap',
    name: 'bootstrap',
    summary: 'register the first administrator and its public key',
    why: 'it takes the bootstrap secret, which opens once, within fifteen minutes, where there is no administrator',
    body: z.strictObject({
      secret,
      public_jwk: z.record(z.string(), z.unknown()).meta({ description: 'A public key (RFC 7517)' }),
      name: z.string().trim().min(1, { error: 'say who the administrator is' }).max(200),
      email: z.email({ error: 'not an email address' }).max(320),
    }),
    response: administrator,
    status: 201,
    changes: true,
    problems: ['bootstrap_rejected'],
    handle: async (deps: BootstrapDeps, ctx, { body }) => {
      const { personId, keyId, receipt } = await useBootstrap(
        deps,
        defaultTenantId,
        {
          secret: new Secret(body.secret.trim()),
          publicJwk: body.public_jwk,
          name: body.name,
          email: body.email,
        },
        ctx.requestId,
      )
      await removeBootstrapFile(deps, deps.bootstrapFile)
      return { person_id: personId, client_id: personId, kid: keyId, entry: receipt }
    },
  }),
]
