/** NameConstraints (RFC 5280 section 4.2.1.10): written and read. `find-name-violation.ts` holds names against them. */
import { MayflyError } from '../problem.ts'
import { DerFault, type DerNode } from './der-read.ts'
import { readAscii, readSequence, readSequenceFields } from './der-values.ts'
import { asciiBytes, contextTag, derContext, derContextPrimitive, derSequence } from './der-write.ts'
import { type GeneralNameForm, generalNameForm, generalNameTag } from './general-names.ts'
import { type IpRange, ipRangeBytes, parseIpRange, readIpRange } from './ip-address.ts'

export interface NameSubtrees {
  /** A host, or `.domain` for the hosts below it. */
  readonly uri?: readonly string[]
  /** A name and all below it. */
  readonly dns?: readonly string[]
  /** A mailbox, a host, or `.domain`. */
  readonly email?: readonly string[]
  /** `10.0.0.0/8`. */
  readonly ip?: readonly string[]
}

export interface NameConstraints {
  readonly permitted?: NameSubtrees
  readonly excluded?: NameSubtrees
}

export interface ReadNameSubtrees {
  readonly uri: readonly string[]
  readonly dns: readonly string[]
  readonly email: readonly string[]
  readonly ip: readonly IpRange[]
  /** Forms that are constrained and that Mayfly cannot hold a name against: refuse the certificate. */
  readonly otherForms: readonly GeneralNameForm[]
}

export interface ReadNameConstraints {
  readonly permitted: ReadNameSubtrees
  readonly excluded: ReadNameSubtrees
}

const noSubtrees: ReadNameSubtrees = { uri: [], dns: [], email: [], ip: [], otherForms: [] }

/** @throws MayflyError `internal` */
export function encodeNameConstraints(constraints: NameConstraints): Uint8Array {
  const encoded = [...encodeSubtrees(0, constraints.permitted ?? {}), ...encodeSubtrees(1, constraints.excluded ?? {})]
  if (encoded.length === 0) throw new MayflyError('internal', { log: 'name constraints constrain nothing' })
  return derSequence(...encoded)
}

function encodeSubtrees(number: number, subtrees: NameSubtrees): Uint8Array[] {
  const bases = [
    ...(subtrees.uri ?? []).map((base) => derContextPrimitive(6, asciiBytes(base))),
    ...(subtrees.dns ?? []).map((base) => derContextPrimitive(2, asciiBytes(base))),
    ...(subtrees.email ?? []).map((base) => derContextPrimitive(1, asciiBytes(base))),
    ...(subtrees.ip ?? []).map((text) => {
      const range = parseIpRange(text)
      if (range === undefined) throw new MayflyError('internal', { log: 'a name constraint is not an IP range' })
      return derContextPrimitive(7, ipRangeBytes(range))
    }),
  ]
  return bases.length === 0 ? [] : [derContext(number, ...bases.map((base) => derSequence(base)))]
}

/** @throws DerFault */
export function readNameConstraints(node: DerNode): ReadNameConstraints {
  const fields = readSequenceFields(node, 'its name constraints')
  const permitted = fields.takeIf(contextTag(0, 'constructed'))
  const excluded = fields.takeIf(contextTag(1, 'constructed'))
  fields.end()
  if (permitted === undefined && excluded === undefined) throw new DerFault('its name constraints constrain nothing')
  return {
    permitted: permitted === undefined ? noSubtrees : readSubtrees(permitted),
    excluded: excluded === undefined ? noSubtrees : readSubtrees(excluded),
  }
}

function readSubtrees(node: DerNode): ReadNameSubtrees {
  const what = 'a name constraint'
  if (node.children.length === 0) throw new DerFault('its name constraints hold an empty list')
  const uri: string[] = []
  const dns: string[] = []
  const email: string[] = []
  const ip: IpRange[] = []
  const otherForms = new Set<GeneralNameForm>()
  for (const subtree of node.children) {
    const [base, more] = readSequence(subtree, what, 1)
    // RFC 5280 wants `minimum` 0, which DER leaves out, and no `maximum`.
    if (base === undefined || more !== undefined) throw new DerFault(`${what} has a minimum or a maximum`)
    const form = generalNameForm(base, what)
    if (base.tag === generalNameTag.uri) uri.push(readAscii(base, what))
    else if (base.tag === generalNameTag.dns) dns.push(readAscii(base, what))
    else if (base.tag === generalNameTag.email) email.push(readAscii(base, what))
    else if (base.tag === generalNameTag.ip) {
      const range = readIpRange(base.content)
      if (range === undefined) throw new DerFault(`${what} is not an IP range`)
      ip.push(range)
    } else otherForms.add(form)
  }
  return { uri, dns, email, ip, otherForms: [...otherForms] }
}
