import { expect, test } from 'vitest'
import { formatDuration, parseDuration, parseMoment } from './parse-duration.ts'

test.each([
  ['90s', 90],
  ['15m', 900],
  ['8h', 28_800],
  ['1d', 86_400],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds)
})

test.each(['', '15', 'm', '0m', '-5m', '1.5h', '15 m', '1h30m', '15M', '9999999999s'])('`%s` is no span', (text) => {
  expect(() => parseDuration(text)).toThrow(/is not a span of time/)
})

test('a moment is a span from now, a date or a time', () => {
  const now = new Date('2026-11-22T11:00:00Z')
  expect(parseMoment('2h', now)).toBe('2026-11-22T13:00:00.000Z')
  expect(parseMoment('2027-01-01', now)).toBe('2027-01-01T00:00:00.000Z')
  expect(parseMoment('2026-11-22T12:31:00+01:00', now)).toBe('2026-11-22T11:31:00.000Z')
  for (const text of ['tomorrow', '2026-13-01', '1/2/2027', '22.11.2026']) {
    expect(() => parseMoment(text, now), text).toThrow(/is not a time/)
  }
})

test('spans are written as they are read', () => {
  for (const text of ['90s', '15m', '8h', '1d']) expect(formatDuration(parseDuration(text))).toBe(text)
})
