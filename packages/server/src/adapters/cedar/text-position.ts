/** Cedar counts bytes of UTF-8; people count lines and columns. */
export function textPositions(text: string): (byteOffset: number) => { line: number; column: number } {
  const bytes = new TextEncoder().encode(text)
  const decoder = new TextDecoder()
  return (byteOffset) => {
    const end = Math.min(Math.max(byteOffset, 0), bytes.length)
    let lineStart = 0
    let line = 1
    for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) {
      line += 1
      lineStart = at + 1
    }
    return { line, column: decoder.decode(bytes.subarray(lineStart, end)).length + 1 }
  }
}
