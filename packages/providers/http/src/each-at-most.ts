/** Runs `work` for each, at most so many at once; the first failure stops what has not begun, and is thrown. */
export async function eachAtMost<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const lanes = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  })
  try {
    await Promise.all(lanes)
  } finally {
    waiting.length = 0
    await Promise.allSettled(lanes)
  }
}
