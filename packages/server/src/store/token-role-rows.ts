/** The SQL of finding the role that a token is asked for. */
import type pg from 'pg'

export interface TokenRole {
  readonly resource: string
  readonly role: string
}

const statement = `
  select q.ord::int, found.resource, found.role
  from jsonb_array_elements($1::jsonb) with ordinality as q (audiences, ord)
  cross join lateral (
    select t.name as resource, r.name as role from resource t join role r on r.resource_id = t.resource_id
    where t.provider_kind = 'jwt' and t.state = 'active' and r.state = 'active'
      and not exists (
        select from jsonb_array_elements_text(q.audiences) as wanted (audience)
        where not coalesce(t.settings -> 'audience' ? wanted.audience, false) and t.name <> wanted.audience)
    order by t.name, r.name limit 100
  ) found`

/**
 * The live roles of the resources that have every one of these audiences; one is also named by the resource's own name.
 * Sorted, at most 100. Reads the tenant's few resources of kind `jwt`, by their partial index.
 *
 * Many questions in one statement. Runs inside the tenant's transaction.
 */
export async function listTokenRoles(
  client: pg.ClientBase,
  questions: readonly (readonly string[])[],
): Promise<readonly (readonly TokenRole[])[]> {
  const { rows } = await client.query<TokenRole & { readonly ord: number }>({
    name: 'token_roles',
    text: statement,
    values: [JSON.stringify(questions)],
  })
  const answers: TokenRole[][] = questions.map(() => [])
  for (const { ord, resource, role } of rows) answers[ord - 1]?.push({ resource, role })
  return answers
}
