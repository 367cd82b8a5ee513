/**
 * Reading DER (X.690): strict and bounded. A text of bytes is read in time linear in its length.
 *
 * Promise: definite, minimal lengths only; nothing after the end; one-byte tags; strings and numbers in primitive form;
 * no deeper, larger or more numerous than the limits say.
 * Limit: values are not looked into here (der-values.ts does); bytes are views on what was given, not copies.
 */
import { derTag } from './der-write.ts'

/** Why bytes are not what they should be: for the caller, lower case, without any of the bytes. */
export interface X509Fault {
  readonly fault: string
}

export interface DerElement {
  /** The identifier octet, e.g. 0x30 for a SEQUENCE. */
  readonly tag: number
  /** Tag, length and content. */
  readonly bytes: Uint8Array
  readonly content: Uint8Array
}

export interface DerNode extends DerElement {
  /** Empty for a primitive element. */
  readonly children: readonly DerNode[]
}

export interface DerLimits {
  readonly maxSizeBytes: number
  /** How many elements may lie within each other. */
  readonly maxDepth: number
  readonly maxElements: number
}

export const defaultDerLimits: DerLimits = { maxSizeBytes: 65_536, maxDepth: 16, maxElements: 10_000 }

/** Thrown by the readers of this folder, and turned into a value at its front doors (`readOrFault`). */
export class DerFault extends Error {
  override readonly name = 'DerFault'
  readonly fault: string

  constructor(fault: string) {
    super(fault)
    this.fault = fault
  }
}

export function isX509Fault(read: object): read is X509Fault {
  return 'fault' in read
}

/** What `read` returns, or the fault that it met. Anything else that it throws is a defect and goes on. */
export function readOrFault<T extends object>(read: () => T): T | X509Fault {
  try {
    return read()
  } catch (error) {
    if (error instanceof DerFault) return { fault: error.fault }
    throw error
  }
}

/** One element and all that lies within it. */
export function parseDer(bytes: Uint8Array, limits: DerLimits = defaultDerLimits): DerNode | X509Fault {
  return readOrFault(() => readDer(bytes, limits))
}

/** As `parseDer`. @throws DerFault */
export function readDer(bytes: Uint8Array, limits: DerLimits = defaultDerLimits): DerNode {
  if (bytes.length > limits.maxSizeBytes) throw new DerFault(`it is larger than ${limits.maxSizeBytes} bytes`)
  const element = readElement(bytes, 0)
  if (element.bytes.length !== bytes.length) throw new DerFault('bytes follow its end')
  let elementsLeft = limits.maxElements - 1
  const withChildren = (parent: DerElement, depth: number): DerNode => {
    if (depth > limits.maxDepth) throw new DerFault(`it is nested deeper than ${limits.maxDepth}`)
    const { tag, bytes, content } = parent
    if ((tag & 0x20) === 0) return { tag, bytes, content, children: noChildren }
    const children: DerNode[] = []
    for (let at = 0; at < content.length;) {
      elementsLeft -= 1
      if (elementsLeft < 0) throw new DerFault(`it holds more than ${limits.maxElements} elements`)
      const child = readElement(content, at)
      at += child.bytes.length
      children.push(withChildren(child, depth + 1))
    }
    return { tag, bytes, content, children }
  }
  return withChildren(element, 1)
}

const noChildren: readonly DerNode[] = []

/** The elements side by side within `content`, not looked into. @throws DerFault */
export function readElements(content: Uint8Array, maxElements: number): DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < content.length;) {
    if (elements.length === maxElements) throw new DerFault(`it holds more than ${maxElements} elements`)
    const element = readElement(content, at)
    at += element.bytes.length
    elements.push(element)
  }
  return elements
}

/** The element that begins at `start`; what follows it is not looked at. @throws DerFault */
export function readElement(bytes: Uint8Array, start: number): DerElement {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) throw new DerFault('it ends within an element')
  requireTag(tag)
  let contentStart = start + 2
  let length = first
  if (first >= 0x80) {
    const lengthBytes = first & 0x7f
    if (lengthBytes === 0) throw new DerFault('a length is indefinite')
    if (lengthBytes > 4) throw new DerFault('a length is out of bounds')
    length = 0
    for (let at = 0; at < lengthBytes; at += 1) length = length * 256 + (bytes[contentStart + at] ?? Number.NaN)
    if (Number.isNaN(length)) throw new DerFault('it ends within a length')
    if (length < 0x80 || length < 256 ** (lengthBytes - 1)) throw new DerFault('a length is not minimal')
    contentStart += lengthBytes
  }
  const end = contentStart + length
  if (end > bytes.length) throw new DerFault('a length reaches beyond the end')
  return { tag, bytes: bytes.subarray(start, end), content: bytes.subarray(contentStart, end) }
}

/** X.509 needs no tag number above 30, and DER no string in pieces (X.690 section 10.2). */
function requireTag(tag: number): void {
  const number = tag & 0x1f
  if (number === 0x1f) throw new DerFault('a tag is longer than one byte')
  if (tag >= 0x40) return
  const isStructured = number === (derTag.sequence & 0x1f) || number === (derTag.set & 0x1f)
  if (number === 0 || isStructured !== ((tag & 0x20) !== 0)) throw new DerFault('a tag is not one that DER uses')
}
