/**
 * The laws as the database holds them, whoever writes the SQL. Credentials and tasks walk through their states in
 * ../lifecycle/transitions.test.ts; what an identity must have is in ../registry/constraints.test.ts.
 */
import {
  attestationStates,
  bindings,
  credentialStates,
  dataClasses,
  deliveries,
  environments,
  exposures,
  identityKinds,
  identityStates,
  mayBecome,
  newId,
  nextIdentityStates,
  ownerStates,
  personRoles,
  personStates,
  reaches,
  revocationCauses,
  strengths,
  taskKinds,
  taskStates,
  type TenantId,
} from '@mayfly/domain'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tx } from '../../../packages/server/src/store/database.ts'
import { type OpenTestStore, openTestStore } from './open-test-store.ts'

let store: OpenTestStore
const tenantId = newId<TenantId>()

beforeAll(async () => {
  store = await openTestStore({ poolSize: 2 })
  await store.addTenant(tenantId, 'one')
})
afterAll(() => store.close())

class Undo extends Error {}

/** Runs it all in one transaction that leaves nothing; tells what the database said. */
async function outcomeOf(work: (tx: Tx) => Promise<unknown>): Promise<string> {
  const outcome = await store.database
    .transaction(tenantId, async (tx) => {
      await work(tx)
      throw new Undo()
    })
    .catch((error: unknown) => error)
  return outcome instanceof Undo ? 'taken' : String(outcome)
}

const run = (tx: Tx, text: string): Promise<unknown> => sql.raw(text).execute(tx.query)

const id = '11111111-1111-4111-8111-111111111111'
const rows = {
  person: `insert into person (person_id, name) values ('${id}', 'Ada')`,
  owner: `insert into owner (owner_id, name, contact, primary_person_id) values ('${id}', 'payments', '#pay', '${id}')`,
  identity: `insert into identity (identity_id, name, kind, owner_id, purpose, environment, expires_at, spiffe_id)
    values ('${id}', 'report', 'job', '${id}', 'reads the orders of yesterday', 'staging', now() + interval '1 day', 'spiffe://example.org/report')`,
  policy_version: `insert into policy_version (policy_version_id, number, policy_text, digest, created_by, created_at)
    values ('${id}', 1, 'forbid (principal, action, resource);', 'x', '{}', now())`,
  decision: `insert into decision (decision_id, action, principal, resource, outcome, reasons, determining, duties, context, decided_at)
    values ('${id}', 'task.declare', '{}', '{}', 'permit', '[]', '{}', '{}', '{}', now())`,
  task: `insert into task (task_id, kind, identity_id, declared_by_person, purpose, environment, deadline, decision_id, declared_at)
    values ('${id}', 'declared', '${id}', '${id}', 'the report', 'staging', now() + interval '1 hour', '${id}', now())`,
  revocation: `insert into revocation (revocation_id, cause, selector, requested_by, total, authority_ended_at)
    values ('${id}', 'anomaly', '{}', '{}', 1, now())`,
  entry: `insert into entry (entry_id, stream, action, recorded_at, data, leaf_hash)
    values ('${id}', 'task', 'task.declared', now(), '{}', decode(repeat('00', 32), 'hex'))`,
  log_tile: `insert into log_tile (level, tile_index, hashes) values (0, 0, decode(repeat('aa', 32), 'hex'))`,
  log_checkpoint: `insert into log_checkpoint (size, root, note, signed_at) values (1, decode(repeat('00', 32), 'hex'), 'note', now())`,
} as const

type Row = keyof typeof rows

/** After the rows that stand before it. */
async function withRows(tx: Tx, last: Row): Promise<void> {
  for (const [name, insert] of Object.entries(rows)) {
    await run(tx, insert)
    if (name === last) return
  }
}

const outcomeAfter = (last: Row, statement: string) =>
  outcomeOf(async (tx) => {
    await withRows(tx, last)
    await run(tx, statement)
  })

describe('each word of the domain is a word of the database, and no other', () => {
  test.each<[string, readonly string[]]>([
    ['attestation.state', attestationStates],
    ['attestation.strength', strengths],
    ['credential.bound_to', bindings],
    ['credential.environment', environments],
    ['credential.state', credentialStates],
    ['identity.environment', environments],
    ['identity.kind', identityKinds],
    ['identity.state', identityStates],
    ['owner.state', ownerStates],
    ['person.roles', personRoles],
    ['person.state', personStates],
    ['resource.data_class', dataClasses],
    ['resource.delivery', deliveries],
    ['resource.environment', environments],
    ['resource.exposure', exposures],
    ['resource.reach', reaches],
    ['revocation.cause', revocationCauses],
    ['task.environment', environments],
    ['task.kind', taskKinds],
    ['task.state', taskStates],
    ['trust_provider.strength', strengths],
  ])('%s', async (column, words) => {
    const [table, name] = column.split('.')
    const found = await store.bySuperuser<{ definition: string }>(
      `select pg_get_constraintdef(c.oid) as definition from pg_constraint c
       join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
       where c.conrelid = ('mayfly.' || $1)::regclass and a.attname = $2 and c.contype = 'c'`,
      [table, name],
    )
    const inDatabase = found.flatMap(({ definition }) =>
      [...definition.matchAll(/'([a-z_]+)'/g)].map(([, word = '']) => word),
    )
    expect(new Set(inDatabase)).toEqual(new Set(words))
  })
})

test('the database takes exactly the transitions of an identity that the domain names', async () => {
  for (const from of identityStates) {
    for (const to of identityStates) {
      if (from === to) continue
      const outcome = await outcomeOf(async (tx) => {
        await withRows(tx, 'identity')
        if (from !== 'active') await run(tx, `update identity set state = '${from}'`)
        await run(tx, `update identity set state = '${to}'`)
      })
      const expected = mayBecome(nextIdentityStates, from, to) ? 'taken' : 'stays retired'
      expect(outcome, `${from} to ${to}`).toContain(expected)
    }
  }
})

describe('what has happened is kept', () => {
  test.each<[Row]>([
    ['identity'],
    ['policy_version'],
    ['decision'],
    ['task'],
    ['revocation'],
    ['entry'],
    ['log_tile'],
    ['log_checkpoint'],
  ])('a row of %s is never removed', async (table) => {
    expect(await outcomeAfter(table, `delete from ${table}`)).toContain('never removed')
  })

  test('control: what is only work to do may go', async () => {
    const redecide = `insert into redecision (redecision_id, selector_kind, selector_id, why, requested_by, requested_at, next_attempt_at)
      values ('${id}', 'identity', '${id}', 'changed', '{}', now(), now())`
    expect(
      await outcomeOf(async (tx) => {
        await run(tx, redecide)
        await run(tx, 'delete from redecision')
      }),
    ).toBe('taken')
  })

  test.each<[Row, string, string]>([
    ['policy_version', `policy_text = 'permit (principal, action, resource);'`, 'immutable'],
    ['policy_version', `digest = 'y'`, 'immutable'],
    ['policy_version', 'number = 2', 'immutable'],
    ['policy_version', `created_by = '{"kind": "person"}'`, 'immutable'],
    ['decision', `outcome = 'deny'`, 'never changed'],
    ['decision', `context = '{"forged": true}'`, 'never changed'],
    ['log_checkpoint', `note = 'other'`, 'never changed'],
    ['log_tile', `hashes = decode(repeat('bb', 32), 'hex')`, 'never changed'],
    ['log_tile', `tile_index = 1`, 'never changed'],
    ...[
      `data = '{"a": 1}'`,
      `leaf_hash = decode(repeat('01', 32), 'hex')`,
      `stream = 'use'`,
      `action = 'task.completed'`,
      `recorded_at = now() + interval '1 second'`,
      `identity_id = gen_random_uuid()`,
      `task_id = gen_random_uuid()`,
      `attestation_id = gen_random_uuid()`,
      `decision_id = gen_random_uuid()`,
      `credential_id = gen_random_uuid()`,
      `revocation_id = gen_random_uuid()`,
    ].map((change): [Row, string, string] => ['entry', change, 'never changed']),
  ])('%s: %s is refused', async (table, change, words) => {
    expect(await outcomeAfter(table, `update ${table} set ${change}`)).toContain(words)
  })

  test('control: a tile grows, a version is activated, an entry gets its place, and that once', async () => {
    expect(
      await outcomeAfter('log_tile', `update log_tile set hashes = hashes || decode(repeat('bb', 32), 'hex')`),
    ).toBe('taken')
    expect(await outcomeAfter('policy_version', `update policy_version set state = 'active'`)).toBe('taken')
    expect(await outcomeAfter('entry', 'update entry set leaf_index = 0')).toBe('taken')
    const twice = outcomeOf(async (tx) => {
      await withRows(tx, 'entry')
      await run(tx, 'update entry set leaf_index = 0')
      await run(tx, 'update entry set leaf_index = 1')
    })
    expect(await twice).toContain('never changed')
  })

  test('a policy version that was active is no draft again', async () => {
    const back = outcomeOf(async (tx) => {
      await withRows(tx, 'policy_version')
      await run(tx, `update policy_version set state = 'active'`)
      await run(tx, `update policy_version set state = 'draft'`)
    })
    expect(await back).toContain('no draft again')
  })

  test('one policy version is active, and one key of a purpose', async () => {
    const two = outcomeOf(async (tx) => {
      await run(
        tx,
        `insert into policy_version (policy_version_id, number, policy_text, digest, created_by, created_at, state)
        select gen_random_uuid(), n, '', 'x', '{}', now(), 'active' from generate_series(1, 2) n`,
      )
    })
    expect(await two).toContain('policy_version_active')
  })
})

describe('laws', () => {
  test('13: each change of what is decided on moves its version on, whatever the statement says', async () => {
    const tables = await store.bySuperuser<{ name: string; moves: boolean }>(
      `select c.relname as name, exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'move_version') as moves
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'version'
       where c.relnamespace = 'mayfly'::regnamespace and c.relkind = 'r'`,
    )
    expect(tables.length).toBeGreaterThan(8)
    expect(tables.filter(({ moves }) => !moves)).toEqual([])
    const version = await store.database
      .transaction(tenantId, async (tx) => {
        await withRows(tx, 'identity')
        await run(tx, `update identity set state = 'suspended', version = 1`)
        const row = await tx.query.selectFrom('identity').select('version').executeTakeFirstOrThrow()
        throw Object.assign(new Undo(), row)
      })
      .catch((error: unknown) => (error instanceof Undo && 'version' in error ? error.version : error))
    expect(version).toBe(2)
  })

  test('14: a task is declared by one person or one identity, never by none or both', async () => {
    const declare = (columns: string, values: string) =>
      outcomeAfter(
        'decision',
        `insert into task (task_id, kind, identity_id, purpose, environment, deadline, decision_id, declared_at${columns})
         values (gen_random_uuid(), 'declared', '${id}', 'the report', 'staging', now() + interval '1 hour', '${id}', now()${values})`,
      )
    expect(await declare(', declared_by_person', `, '${id}'`)).toBe('taken')
    expect(await declare('', '')).toContain('task_check')
    expect(await declare(', declared_by_person, declared_by_identity', `, '${id}', '${id}'`)).toContain('task_check')
  })

  test('a running instance lasts a day at most and stands on a proof', async () => {
    const open = (interval: string) =>
      outcomeAfter(
        'decision',
        `insert into task (task_id, kind, identity_id, declared_by_identity, purpose, environment, deadline, decision_id, declared_at)
         values (gen_random_uuid(), 'running_instance', '${id}', '${id}', 'the report', 'staging', now() + interval '${interval}', '${id}', now())`,
      )
    expect(await open('1 hour'), 'without a proof').toContain('task_check')
    expect(await open('25 hours')).toContain('task_check')
  })

  test('1: a credential row is made before its account: in no state but the first', async () => {
    const make = (state: string) =>
      outcomeAfter(
        'revocation',
        `insert into credential (credential_id, identity_id, attestation_id, role_id, resource_id, provider_kind, account_name,
           environment, decision_id, policy_version_id, requested_at, create_deadline_at, expires_at, max_expires_at, state)
         values ('${id}', '${id}', '${id}', '${id}', '${id}', 'postgres', 'mayfly_a', 'staging', '${id}', '${id}', now(), now(), now(), now(), '${state}')`,
      )
    for (const state of credentialStates) {
      // Control: the first one fails too, but only for the role that is not there.
      const expected = state === 'requested' ? 'violates foreign key constraint' : 'stands before its account'
      expect(await make(state), state).toContain(expected)
    }
  })

  test('4: a revocation waits for nothing that is not there', async () => {
    const wait = (credentials: string) =>
      outcomeAfter('revocation', `insert into revocation_credential (revocation_id, credential_id) ${credentials}`)
    expect(await wait(`values ('${id}', gen_random_uuid())`)).toContain('waits for credentials that are there')
    expect(await wait(`select '${id}', c.credential_id from credential c`), 'control: none is too few for none').toBe(
      'taken',
    )
  })

  test('4: a revocation is complete only when all that it waits for is removed', async () => {
    const complete = (counts: string) =>
      outcomeAfter('revocation', `update revocation set state = 'complete', completed_at = now(), ${counts}`)
    expect(await complete('cut_count = 1, removed_count = 0')).toContain('revocation_check')
    expect(await complete('cut_count = 0, removed_count = 1')).toContain('revocation_check')
    expect(await complete('cut_count = 1, removed_count = 1'), 'control').toBe('taken')
  })
})
