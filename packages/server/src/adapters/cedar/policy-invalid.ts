import { MayflyError } from '@mayfly/domain'
import type { PolicyFault } from './compiled-policy.ts'

/** Every fault of a policy text at once, each with its line, its column and the policy's `@id`. */
export function policyInvalid(faults: readonly PolicyFault[]): MayflyError {
  const [first] = faults
  return new MayflyError('policy_invalid', {
    ...(first === undefined ? {} : { publicDetail: faultText(first) }),
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    fields: faults.map((fault) => ({
      pointer: '/text',
      detail: fault.hint === undefined ? faultText(fault) : `${faultText(fault)} (${fault.hint})`,
    })),
    extra: { faults: faults.map(faultJson) },
  })
}

export function faultJson({ line, column, policyId, message, hint }: PolicyFault): Record<string, string | number> {
  return {
    line,
    column,
    ...(policyId === undefined ? {} : { policy: policyId }),
    message,
    ...(hint === undefined ? {} : { hint }),
  }
}

function faultText({ line, column, policyId, message }: PolicyFault): string {
  return `line ${line}, column ${column}${policyId === undefined ? '' : `, policy \`${policyId}\``}: ${message}`
}
