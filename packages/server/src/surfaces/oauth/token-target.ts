/**
 * What a token is asked for: `resource` (RFC 8707), `audience` (RFC 8693), `scope`, `authorization_details` (RFC 9396).
 *
 * A token carries one role of one resource. Nothing is looked up before the asker has proven who it is.
 */
import { isId, MayflyError, type TaskId, type TenantId } from '@mayfly/domain'
import { getIssuer } from '../../application/proof/tenant-directory.ts'
import { parseAuthorizationDetails, refused, type RoleDetail } from './authorization-details.ts'
import type { Form } from './form.ts'
import type { OAuthDeps, TokenRequest } from './grants/grant.ts'
import { OAuthError, type OAuthErrorCode } from './oauth-error.ts'

export interface TokenTarget {
  /** As they were asked for, by URI or by the name of the resource. */
  readonly audiences: readonly string[]
  /** The name of a role, alone or as `resource/role`. */
  readonly scope: string | undefined
  readonly detail: RoleDetail | undefined
  /** Not of any RFC: the task within which production credentials are issued. */
  readonly taskId: TaskId | undefined
}

const maxTargets = 5

/**
 * Reads the form, and nothing else: before the proof is looked at, since that counts once, and must not be lost for a request
 * that can give nothing.
 *
 * @returns undefined where it is an access token for Mayfly itself that is asked for
 * @throws OAuthError `invalid_target`, `invalid_scope`, `invalid_authorization_details`, `invalid_request`
 */
export async function readTarget(deps: OAuthDeps, { tenantId, form }: TokenRequest): Promise<TokenTarget | undefined> {
  const issuer = await getIssuer(deps.tenants, tenantId)
  const resources = form.all('resource')
  if (resources.some((resource) => !URL.canParse(resource) || resource.includes('#'))) {
    throw new OAuthError('invalid_target', { description: 'resource is an absolute URI without a fragment' })
  }
  const audiences = [...new Set([...resources, ...form.all('audience')])]
  const others = audiences.filter((audience) => audience !== issuer)
  const text = form.get('authorization_details')
  const detail = text === undefined ? undefined : parseAuthorizationDetails(text)
  if (others.length === 0 && detail === undefined) {
    if (!form.has('scope')) return undefined
    throw new OAuthError('invalid_scope', {
      description: 'there are no scopes of Mayfly itself; leave scope out, or name a resource',
    })
  }
  if (others.length < audiences.length || others.length > maxTargets || others.some((name) => name.length > 255)) {
    throw new OAuthError('invalid_target', {
      description: `a token is for at most ${maxTargets} names of one resource`,
    })
  }
  const scope = form.get('scope')
  if (scope !== undefined && detail !== undefined) {
    throw new OAuthError('invalid_request', { description: 'name the role by scope or by authorization_details' })
  }
  if (scope?.includes(' ') === true) {
    throw new OAuthError('invalid_scope', { description: 'a token carries one role: ask for each with a request' })
  }
  return { audiences: others, scope, detail, taskId: readTask(form) }
}

function readTask(form: Form): TaskId | undefined {
  const taskId = form.get('task_id')
  if (taskId === undefined || isId(taskId)) return taskId as TaskId | undefined
  throw new OAuthError('invalid_request', { description: 'task_id is not the id of a task' })
}

/** What says no where the target, the role or the policy does: one code, whichever it is. */
export function refusalOf({ detail, scope }: TokenTarget): OAuthErrorCode {
  if (detail !== undefined) return 'invalid_authorization_details'
  return scope === undefined ? 'invalid_target' : 'invalid_scope'
}

/**
 * @returns the role as `resource/role`
 * @throws OAuthError `invalid_target`, `invalid_scope`
 */
export async function findRole(deps: OAuthDeps, tenantId: TenantId, target: TokenTarget): Promise<string> {
  if (target.detail !== undefined) return target.detail.identifier
  const found = await deps.tokenRoles.submit(tenantId, target.audiences)
  if (found.length === 0) {
    throw new OAuthError('invalid_target', { description: 'no resource with a role has this target' })
  }
  const { scope } = target
  const meant =
    scope === undefined
      ? found
      : found.filter(({ resource, role }) => scope === role || scope === `${resource}/${role}`)
  const [one, another] = meant
  if (one !== undefined && another === undefined) return `${one.resource}/${one.role}`
  if (one === undefined || found.every(({ resource }) => resource === one.resource)) {
    throw new OAuthError('invalid_scope', { description: 'name one role of the resource with scope' })
  }
  throw new OAuthError('invalid_target', {
    description: 'several resources have this target; add the name of one as audience',
  })
}

/** A locations that the role's resource does not have is as wrong as another target. */
export function wantedAudiences({ audiences, detail }: TokenTarget): readonly string[] {
  return [...new Set([...audiences, ...(detail?.locations ?? [])])]
}

/** What an issue refused, in the words of the RFCs. Nothing of it tells what else there is. */
export function targetError(error: unknown, target: TokenTarget): unknown {
  if (!(error instanceof MayflyError)) return error
  const { publicDetail, extra, fields } = error.options
  const { code } = error
  if (code === 'policy_denied' || code === 'policy_missing') {
    const { action, decision_id, reasons } = extra ?? {}
    return new OAuthError(action === 'token.exchange' ? 'invalid_request' : refusalOf(target), {
      description: 'policy does not permit this; the decision says why',
      extra: { decision_id, reasons: (reasons as readonly { code: string; policy?: string }[]).map(withoutNames) },
    })
  }
  if (code === 'resource_not_found' || code === 'settings_invalid') {
    return new OAuthError(target.taskId === undefined ? refusalOf(target) : 'invalid_request', {
      description: publicDetail ?? 'the target is not known',
    })
  }
  if (code !== 'request_invalid') return error
  if (target.detail !== undefined && fields !== undefined) {
    return refused(fields.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`).join('; '))
  }
  return new OAuthError('invalid_request', { description: publicDetail ?? 'the request is not valid' })
}

/** The words of a reason name the resource, which the asker may have known by its address only. */
function withoutNames({ code, policy }: { readonly code: string; readonly policy?: string }) {
  return policy === undefined ? { code } : { code, policy }
}
