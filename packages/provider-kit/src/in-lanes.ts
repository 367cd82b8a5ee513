/** Runs `work` for each, at most so many at once; the first failure stops what has not begun, and is thrown. */
export async function inLanes<T>(lanes: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const running = Array.from({ length: Math.min(lanes, items.length) }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  })
  try {
    await Promise.all(running)
  } finally {
    waiting.length = 0
    await Promise.allSettled(running)
  }
}
