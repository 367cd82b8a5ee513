/** At most so many at once; the others wait in line, and the line is bounded. */
export interface BoundedWork {
  /** @throws Error the line is full */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function makeBoundedWork(most: number, mostWaiting: number): BoundedWork {
  let running = 0
  const waiting: (() => void)[] = []
  return {
    async run(work) {
      if (running >= most) {
        if (waiting.length >= mostWaiting) throw new Error('too much is asked at once')
        await new Promise<void>((resolve) => waiting.push(resolve))
      } else running += 1
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}
