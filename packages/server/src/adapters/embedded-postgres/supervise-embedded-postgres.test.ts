import { expect, test } from 'vitest'
import { restartPauseMs } from './supervise-embedded-postgres.ts'

test('the first restart is at once, later ones ever slower, none after more than ten seconds', () => {
  const pauses = Array.from({ length: 10 }, (_, failures) => restartPauseMs(failures))
  expect(pauses).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
})
