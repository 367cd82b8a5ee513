/**
 * PEM (RFC 7468): DER as text between two lines. Text outside the blocks is passed over, as bundles explain themselves
 * there; within a block nothing but base64 is accepted, so no headers and no encryption.
 */
import { MayflyError } from '../problem.ts'
import { decodeBase64, encodeBase64 } from '../log/bytes.ts'
import { DerFault, readOrFault, type X509Fault } from './der-read.ts'

export interface PemBlock {
  /** e.g. `CERTIFICATE`, `CERTIFICATE REQUEST`, `X509 CRL`, `PUBLIC KEY`. */
  readonly label: string
  readonly der: Uint8Array
}

export interface PemLimits {
  readonly maxSizeBytes: number
  readonly maxBlocks: number
}

export const defaultPemLimits: PemLimits = { maxSizeBytes: 1_048_576, maxBlocks: 100 }

const begin = /^-----BEGIN ([A-Z0-9]+(?: [A-Z0-9]+)*)-----[ \t]*$/
const lineLength = 64
/** A whole number of groups of four letters. */
const sliceLength = 32_768

export function encodePem(label: string, der: Uint8Array): string {
  const text = encodeBase64(der)
  let lines = ''
  for (let at = 0; at < text.length; at += lineLength) lines += `${text.slice(at, at + lineLength)}\n`
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`
}

/**
 * The blocks of a text, in its order.
 *
 * @param labels which kinds there may be: a private key among certificates is a fault, not something to pass over
 * @returns the blocks, none where there are none; or the fault of the whole text
 */
export function parsePem(
  text: string,
  labels: readonly string[],
  limits: PemLimits = defaultPemLimits,
): { readonly blocks: readonly PemBlock[] } | X509Fault {
  return readOrFault(() => ({ blocks: readBlocks(text, labels, limits) }))
}

/** The DER of blocks of one kind, e.g. of a bundle of `CERTIFICATE`s: at least one. */
export function parsePemOf(
  label: string,
  text: string,
  limits: PemLimits = defaultPemLimits,
): { readonly ders: readonly Uint8Array[] } | X509Fault {
  return readOrFault(() => {
    const blocks = readBlocks(text, [label], limits)
    if (blocks.length === 0) throw new DerFault(`it holds no block \`${label}\``)
    return { ders: blocks.map(({ der }) => der) }
  })
}

function readBlocks(text: string, labels: readonly string[], limits: PemLimits): PemBlock[] {
  if (text.length > limits.maxSizeBytes) throw new DerFault(`it is larger than ${limits.maxSizeBytes} bytes`)
  const blocks: PemBlock[] = []
  let open: { readonly label: string; readonly lines: string[] } | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (open === undefined) {
      const label = begin.exec(line)?.[1]
      if (label === undefined) {
        if (line.startsWith('-----')) throw new DerFault('a line of dashes is not the beginning of a block')
        continue
      }
      if (!labels.includes(label)) throw new DerFault(`a block is a \`${label.slice(0, 40)}\`, not a ${oneOf(labels)}`)
      if (blocks.length === limits.maxBlocks) throw new DerFault(`it holds more than ${limits.maxBlocks} blocks`)
      open = { label, lines: [] }
    } else if (line.startsWith('-----')) {
      if (line.trimEnd() !== `-----END ${open.label}-----`) throw new DerFault('a block does not end as it begins')
      blocks.push({ label: open.label, der: decode(open.lines.join('')) })
      open = undefined
    } else open.lines.push(line.trimEnd())
  }
  if (open !== undefined) throw new DerFault('a block does not end')
  return blocks
}

function oneOf(labels: readonly string[]): string {
  return labels.map((label) => `\`${label}\``).join(' or ')
}

function decode(base64: string): Uint8Array {
  if (base64 === '') throw new DerFault('a block is empty')
  // In slices, since a regular expression over a long text needs much stack.
  const slices: Uint8Array[] = []
  for (let at = 0; at < base64.length; at += sliceLength) {
    const slice = base64.slice(at, at + sliceLength)
    const isLast = at + sliceLength >= base64.length
    if (!isLast && slice.includes('=')) throw notBase64()
    slices.push(decodeSlice(slice))
  }
  const bytes = new Uint8Array(slices.reduce((sum, slice) => sum + slice.length, 0))
  let offset = 0
  for (const slice of slices) {
    bytes.set(slice, offset)
    offset += slice.length
  }
  return bytes
}

function decodeSlice(base64: string): Uint8Array {
  try {
    return decodeBase64(base64)
  } catch (error) {
    // The decoder is shared with the log, whose error names the log.
    if (error instanceof MayflyError) throw notBase64()
    throw error
  }
}

function notBase64(): DerFault {
  return new DerFault('a block is not standard base64 with padding')
}
