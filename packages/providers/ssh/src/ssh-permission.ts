/** What a role permits: as whom one logs in and what a session may do, or which names a host has. Closed words. */
import { hints } from '@mayfly/provider-kit'
import { z } from 'zod'

const place = '\\{[a-z][a-z0-9_]{0,62}\\}'
const principal = z
  .string()
  .max(100)
  .regex(new RegExp(`^(?:[A-Za-z0-9_.@-]|${place})+$`), {
    error: 'not a principal: letters, digits, `_.@-`, and parameters in braces',
  })
  // With these Mayfly itself comes.
  .refine((name) => !name.startsWith('mayfly-'), { error: 'names that begin with `mayfly-` are not for roles' })

const hostName = z
  .string()
  .max(253)
  .regex(new RegExp(`^(?:[a-z0-9.:-]|${place})+$`), { error: 'not a host name in lower case, or an address' })

/** As ssh-keygen calls them; what is not named is not permitted. */
export const sessionRights = ['pty', 'port-forwarding', 'agent-forwarding', 'X11-forwarding', 'user-rc'] as const

export const sshPermission = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('user'),
    /** On most hosts the names of users; `principals.d/` of a host may map others. */
    principals: z
      .array(principal)
      .min(1)
      .max(50)
      .meta(hints({ description: 'as whom one logs in: users of the hosts, e.g. deploy' })),
    permit: z
      .array(z.enum(sessionRights))
      .default(['pty'])
      .meta(hints({ asked: true, description: 'what a session may do' })),
    /** Runs in place of whatever is asked for. */
    force_command: z
      .string()
      .min(1)
      .max(1_000)
      .regex(/^[^\p{Cc}]+$/u, { error: 'holds a control character' })
      .optional(),
  }),
  z.strictObject({
    type: z.literal('host'),
    principals: z
      .array(hostName)
      .min(1)
      .max(50)
      .meta(hints({ description: 'names that the host has, e.g. host-1.example.com' })),
  }),
])
export type SshPermission = z.output<typeof sshPermission>
