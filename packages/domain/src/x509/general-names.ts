/**
 * General names (RFC 5280 section 4.2.1.6), as alternative names hold them.
 *
 * Text is visible ASCII: whoever wants an internationalised name writes its ASCII form (RFC 5890).
 */
import { MayflyError } from '../problem.ts'
import { DerFault, type DerElement, type DerNode } from './der-read.ts'
import { readAscii, readSequence } from './der-values.ts'
import { asciiBytes, contextTag, derContextPrimitive, derSequence } from './der-write.ts'
import { formatIpAddress, parseIpAddress } from './ip-address.ts'

export interface AlternativeNames {
  readonly uri?: readonly string[]
  readonly dns?: readonly string[]
  readonly email?: readonly string[]
  /** IPv4 in dotted decimals, IPv6 in any form of RFC 4291. */
  readonly ip?: readonly string[]
}

export interface ReadAlternativeNames extends Required<AlternativeNames> {
  /** The forms of further names that are there and not looked into, e.g. `directoryName`. */
  readonly otherForms: readonly string[]
}

/** In the order of their tags. */
export const generalNameForms = [
  'otherName',
  'rfc822Name',
  'dNSName',
  'x400Address',
  'directoryName',
  'ediPartyName',
  'uniformResourceIdentifier',
  'iPAddress',
  'registeredID',
] as const
export type GeneralNameForm = (typeof generalNameForms)[number]

export const generalNameTag = {
  email: contextTag(1, 'primitive'),
  dns: contextTag(2, 'primitive'),
  uri: contextTag(6, 'primitive'),
  ip: contextTag(7, 'primitive'),
} as const
const structuredForms: ReadonlySet<number> = new Set([0, 3, 4, 5])

/** The names one after another, without the SEQUENCE around them. @throws MayflyError `internal` */
export function encodeGeneralNames(names: AlternativeNames): Uint8Array[] {
  return [
    ...(names.uri ?? []).map((uri) => derContextPrimitive(6, requireName(uri))),
    ...(names.dns ?? []).map((dns) => derContextPrimitive(2, requireName(dns))),
    ...(names.email ?? []).map((email) => derContextPrimitive(1, requireName(email))),
    ...(names.ip ?? []).map((ip) => {
      const bytes = parseIpAddress(ip)
      if (bytes === undefined) throw new MayflyError('internal', { log: 'an alternative name is not an IP address' })
      return derContextPrimitive(7, bytes)
    }),
  ]
}

export function encodeAlternativeNames(names: AlternativeNames): Uint8Array {
  return derSequence(...encodeGeneralNames(names))
}

function requireName(name: string): Uint8Array {
  if (name.length === 0 || name.includes(' ')) {
    throw new MayflyError('internal', { log: 'an alternative name is empty or holds a space' })
  }
  return asciiBytes(name)
}

/** @throws DerFault */
export function readAlternativeNames(node: DerNode, what: string): ReadAlternativeNames {
  return readGeneralNames(readSequence(node, what, 1), what)
}

/** @throws DerFault */
export function readGeneralNames(nodes: readonly DerElement[], what: string): ReadAlternativeNames {
  const names = { uri: [], dns: [], email: [], ip: [] } as Record<keyof AlternativeNames, string[]>
  const otherForms = new Set<string>()
  for (const node of nodes) {
    switch (node.tag) {
      case generalNameTag.uri:
        names.uri.push(readNameText(node, what))
        break
      case generalNameTag.dns:
        names.dns.push(readNameText(node, what))
        break
      case generalNameTag.email:
        names.email.push(readNameText(node, what))
        break
      case generalNameTag.ip:
        if (node.content.length !== 4 && node.content.length !== 16) {
          throw new DerFault(`${what} holds an IP address of another length than 4 or 16 bytes`)
        }
        names.ip.push(formatIpAddress(node.content))
        break
      default:
        otherForms.add(generalNameForm(node, what))
    }
  }
  return { ...names, otherForms: [...otherForms] }
}

/** Which form an element is of. @throws DerFault: none */
export function generalNameForm(node: DerElement, what: string): GeneralNameForm {
  const number = node.tag & 0x1f
  const form = generalNameForms[number]
  const expected = contextTag(number, structuredForms.has(number) ? 'constructed' : 'primitive')
  if (form === undefined || node.tag !== expected) throw new DerFault(`${what} holds something that is no name`)
  return form
}

function readNameText(node: DerElement, what: string): string {
  const text = readAscii(node, `a name in ${what}`)
  if (text.length === 0 || text.includes(' ')) throw new DerFault(`a name in ${what} is empty or holds a space`)
  return text
}
