/**
 * From a permission to the rule of one ACL user.
 *
 * Promise: every word is made here from what was checked, so that no word ends another; what administers the server is
 * taken away last, by the server's own categories, whatever was given before.
 */
import { type FieldProblem, MayflyError } from '@mayfly/domain'
import { rememberByText } from '@mayfly/provider-kit'
import { placeholder, type RedisPermission, redisPermission } from './redis-permission.ts'

/** What every client library asks before it does anything, and what tells a cluster's client where its keys are. */
const always = [
  'ping',
  'command',
  'client|id',
  'client|getname',
  'client|setname',
  'cluster|slots',
  'cluster|shards',
  'cluster|nodes',
  'readonly',
  'readwrite',
  'asking',
]

/**
 * In the categories, but they show the names of keys and channels beyond the patterns: only where the role names them.
 */
const namesBeyondPatterns = ['scan', 'randomkey', 'dbsize', 'pubsub']

/**
 * Taken away at the end, in this order. FUNCTION LOAD is in `@write`: it would plant code that others run with their
 * rights. SCRIPT KILL and FLUSH are in `@scripting`: they end what others run.
 */
const never = ['-@admin', '-@dangerous', '-acl', '-function', '-script|flush', '-script|kill', '-script|debug']

/** No character that means something in a pattern of Redis, and no separator. */
const parameterValue = /^[A-Za-z0-9_.-]{1,200}$/

const tokenOfAccess = { read: '%R~', write: '%W~', read_write: '~' } as const

/**
 * The words of the selector that says what a user may do. None holds a space, a quote or a parenthesis.
 *
 * @throws MayflyError `request_invalid`: a permission that is not of the closed form, or parameters that do not fit it
 */
export function aclRule(permission: RedisPermission, parameters: Readonly<Record<string, string>>): readonly string[] {
  return ruleOf([permission, parameters])
}

type RuleInput = Parameters<typeof aclRule>

/** The same few are wanted over and over, and to check one costs more than to send it. */
const ruleOf = rememberByText(([permission, parameters]: RuleInput): readonly string[] => {
  const parsed = redisPermission.safeParse(permission)
  if (!parsed.success) {
    throw new MayflyError('request_invalid', {
      publicDetail: 'the permission of the role is not valid',
      fields: parsed.error.issues.map((issue) => ({
        pointer: `/permission/${issue.path.join('/')}`,
        detail: issue.message,
      })),
    })
  }
  const { categories, commands, keys, channels } = parsed.data
  const fill = parameterFiller(parameters)
  const keyTokens = keys.map((key) =>
    typeof key === 'string' ? `~${fill(key)}` : `${tokenOfAccess[key.access]}${fill(key.pattern)}`,
  )
  const channelTokens = channels.map((channel) => `&${fill(channel)}`)
  fill.refuseUnused()
  return [
    'resetkeys',
    'resetchannels',
    ...keyTokens,
    ...channelTokens,
    '-@all',
    ...always.map((name) => `+${name}`),
    ...categories.map((category) => `+@${category}`),
    ...namesBeyondPatterns.map((name) => `-${name}`),
    ...commands.map((name) => `+${name}`),
    ...never,
  ]
}, 1_000)

function parameterFiller(parameters: Readonly<Record<string, string>>) {
  const used = new Set<string>()
  const fill = (text: string): string =>
    text.replaceAll(placeholder, (_all, name: string) => {
      used.add(name)
      const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
      if (value === undefined) throw unfit([{ pointer: `/parameters/${name}`, detail: 'is needed by the role' }])
      if (parameterValue.test(value)) return value
      throw unfit([
        { pointer: `/parameters/${name}`, detail: 'must be 1 to 200 characters of `A-Z`, `a-z`, `0-9`, `_`, `.`, `-`' },
      ])
    })
  fill.refuseUnused = () => {
    const unused = Object.keys(parameters).filter((name) => !used.has(name))
    if (unused.length === 0) return
    throw unfit([{ pointer: '/parameters', detail: `${unused.length} of them stand in no pattern of the role` }])
  }
  return fill
}

function unfit(fields: readonly FieldProblem[]): MayflyError {
  return new MayflyError('request_invalid', { publicDetail: 'the parameters do not fit the role', fields: [...fields] })
}
