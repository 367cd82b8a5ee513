import fc from 'fast-check'
import { expect, test } from 'vitest'
import { derElement } from './der-write.ts'
import { derWriter } from './der-writer.ts'

type Tree = { readonly tag: number; readonly parts: readonly (Tree | Uint8Array)[] }

const { tree } = fc.letrec<{ tree: Tree; part: Tree | Uint8Array }>((tie) => ({
  tree: fc.record({ tag: fc.constantFrom(0x30, 0xa3, 0x04), parts: fc.array(tie('part'), { maxLength: 4 }) }),
  part: fc.oneof({ maxDepth: 4 }, fc.uint8Array({ maxLength: 300 }), tie('tree')),
}))

function nested({ tag, parts }: Tree): Uint8Array {
  return derElement(
    tag,
    parts.map((part) => (part instanceof Uint8Array ? part : nested(part))),
  )
}

test('what is written from its end is what is written from its parts, with one writer for many', () => {
  const writer = derWriter()
  const write = ({ tag, parts }: Tree): void => {
    const mark = writer.size()
    for (const part of parts.toReversed()) {
      if (part instanceof Uint8Array) writer.put(part)
      else write(part)
    }
    writer.wrap(tag, mark)
  }
  fc.assert(
    fc.property(tree, (value) => {
      write(value)
      expect(writer.take()).toEqual(nested(value))
    }),
  )
})

test('lengths at their edges, and content larger than the first buffer', () => {
  const writer = derWriter()
  for (const size of [0, 127, 128, 255, 256, 65_535, 65_536, 100_000]) {
    const bytes = new Uint8Array(size).fill(7)
    writer.put(bytes)
    writer.wrap(0x04, 0)
    expect(writer.take()).toEqual(derElement(0x04, [bytes]))
    expect(writer.size()).toBe(0)
  }
})
