/** What the registry's SQL says when a row is not there or its name is another's. */
import { type FieldProblem, MayflyError } from '@mayfly/domain'
import { constraintOf, sqlStateOf } from './database.ts'

/** Another tenant's row is no row: the answer is the same. */
export function notFound(noun: string, ref: string): MayflyError {
  return new MayflyError('resource_not_found', { publicDetail: `there is no ${noun} \`${ref}\`` })
}

/** @throws MayflyError `resource_not_found` */
export function orNotFound<Row>(noun: string, ref: string, row: Row | undefined): Row {
  if (row === undefined) throw notFound(noun, ref)
  return row
}

const uniqueViolation = '23505'

/**
 * Turns the refusal of a unique constraint into `name_taken` with the field that it stands for. The database is asked,
 * not a look-up beforehand: two requests at once would both have found the name free.
 */
export async function orNameTaken<T>(
  write: Promise<T>,
  fields: Readonly<Record<string, FieldProblem>>,
  hint = 'choose another; names of what was retired stay taken, so that the log keeps one meaning',
): Promise<T> {
  try {
    return await write
  } catch (cause) {
    const field = sqlStateOf(cause) === uniqueViolation ? fields[constraintOf(cause)] : undefined
    if (field === undefined) throw cause
    throw new MayflyError('name_taken', { publicDetail: field.detail, hint, fields: [field], cause })
  }
}
