/**
 * Annotations of a policy: its name, its description, and its duties, of a closed vocabulary.
 *
 * Promise: an annotation that is not understood is refused. A misspelt `@require_aproval` that is ignored would be a
 * permit without its condition.
 */
import { bindings, type BoundTo } from '@mayfly/domain'
import type { DutyAnnotations } from './compiled-policy.ts'

type Annotations = Readonly<Record<string, string | null>>

export interface AnnotationFault {
  readonly message: string
  readonly hint: string
}

const idShape = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/
const dayOf = 86_400

type DutyParser = (value: string) => DutyAnnotations | AnnotationFault

const dutyParsers: Readonly<Record<string, DutyParser>> = {
  max_ttl_seconds: (value) => seconds('max_ttl_seconds', value, 31 * dayOf, (maxTtlSeconds) => ({ maxTtlSeconds })),
  until_task_deadline: (value) =>
    seconds('until_task_deadline', value, 7 * dayOf, (untilTaskDeadlineSeconds) => ({ untilTaskDeadlineSeconds })),
  until: untilOf,
  require_task: (value) => flag('require_task', value, { requireTask: true }),
  require_approval: (value) => flag('require_approval', value, { requireApproval: true }),
  require_binding: (value) =>
    (bindings as readonly string[]).includes(value)
      ? { requireBinding: value as BoundTo }
      : {
          message: `\`@require_binding\` does not know \`${value}\``,
          hint: `give one of ${bindings.map((binding) => `"${binding}"`).join(', ')}`,
        },
}

const known = ['id', 'description', 'advice', ...Object.keys(dutyParsers)]

export interface ParsedAnnotations {
  readonly id: string
  readonly description: string
  readonly duties: DutyAnnotations
  readonly faults: readonly AnnotationFault[]
}

export function parseAnnotations(effect: 'permit' | 'forbid', annotations: Annotations): ParsedAnnotations {
  const faults: AnnotationFault[] = []
  let duties: DutyAnnotations = {}
  for (const [name, value] of Object.entries(annotations)) {
    const parse = Object.hasOwn(dutyParsers, name) ? dutyParsers[name] : undefined
    if (!known.includes(name)) {
      faults.push({
        message: `there is no annotation \`@${name}\``,
        hint: `known are ${known.map((other) => `@${other}`).join(', ')}`,
      })
    } else if (parse !== undefined) {
      const parsed = parse(value ?? '')
      if ('message' in parsed) faults.push(parsed)
      else if (effect === 'forbid') {
        faults.push({ message: `a forbid has no duties, but has \`@${name}\``, hint: 'put the duty on a permit' })
      } else duties = { ...duties, ...parsed }
    }
  }
  const id = annotations['id'] ?? ''
  if (!idShape.test(id)) {
    faults.push({
      message: id === '' ? 'the policy has no `@id`' : `\`@id("${id}")\` is not a usable name`,
      hint: 'put `@id("a-name-of-its-own")` before it: letters, digits, and `.`, `_`, `/`, `-`; at most 128',
    })
  }
  return { id, description: annotations['description'] ?? annotations['advice'] ?? '', duties, faults }
}

function seconds(
  name: string,
  value: string,
  most: number,
  make: (seconds: number) => DutyAnnotations,
): DutyAnnotations | AnnotationFault {
  const number = /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : Number.NaN
  return number <= most
    ? make(number)
    : {
        message: `\`@${name}("${value}")\` is not a number of seconds from 1 to ${most}`,
        hint: `write for example \`@${name}("900")\``,
      }
}

/** A day (the whole of it, UTC) or a moment. */
function untilOf(value: string): DutyAnnotations | AnnotationFault {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(value)
  const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value)
  const at = new Date(isDay ? `${value}T00:00:00Z` : value)
  // JavaScript takes the 31st of April for the 1st of May.
  const isReal = !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === value.slice(0, 10)
  return (isDay || isMoment) && isReal
    ? { until: new Date(at.getTime() + (isDay ? dayOf * 1_000 : 0)).toISOString() }
    : {
        message: `\`@until("${value}")\` is no day and no moment`,
        hint: 'write for example `@until("2027-03-31")`, the last day on which it permits (UTC)',
      }
}

function flag(name: string, value: string, duty: DutyAnnotations): DutyAnnotations | AnnotationFault {
  return value === '' || value === 'true'
    ? duty
    : { message: `\`@${name}\` takes no value`, hint: `write \`@${name}\`, or leave it out` }
}
