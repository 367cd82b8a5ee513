import { describe, expect, test } from 'vitest'
import { makeFrameReader } from './read-frames.ts'

const stream = Buffer.from(
  [
    'INFO {"server_id":"N"}\r\n',
    "+OK\r\nPING\r\nPONG\r\n-ERR 'Authorization Violation'\r\n",
    'MSG a.b 1 5\r\nhello\r\n',
    'MSG a.b 1 reply.to 4\r\n\r\n\r\n\r\n',
    'HMSG a.b 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n',
    'HMSG a.b 1 reply 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
    'msg a.b 1 0\r\n\r\n',
  ].join(''),
)
const frames = [
  { kind: 'info', text: '{"server_id":"N"}' },
  { kind: 'ok' },
  { kind: 'ping' },
  { kind: 'pong' },
  { kind: 'err', text: 'Authorization Violation' },
  { kind: 'message', subject: 'a.b', body: 'hello' },
  { kind: 'message', subject: 'a.b', body: '\r\n\r\n' },
  { kind: 'message', subject: 'a.b', body: '', status: '503' },
  { kind: 'message', subject: 'a.b', body: 'hi' },
  { kind: 'message', subject: 'a.b', body: '' },
]

describe('what a server sends', () => {
  test.each([1, 2, 3, 7, 50, 1_000])('is the same however it is cut: %i bytes at a time', (size) => {
    const read = makeFrameReader()
    const seen = []
    for (let at = 0; at < stream.length; at += size) seen.push(...read(stream.subarray(at, at + size)))
    expect(seen).toEqual(frames)
  })

  test('may be long', () => {
    const body = 'x'.repeat(3_000_000)
    const read = makeFrameReader()
    const all = Buffer.from(`MSG a 1 ${body.length}\r\n${body}\r\nPING\r\n`)
    const seen = []
    for (let at = 0; at < all.length; at += 65_536) seen.push(...read(all.subarray(at, at + 65_536)))
    expect(seen).toEqual([{ kind: 'message', subject: 'a', body }, { kind: 'ping' }])
  })

  test.each([
    'HTTP/1.1 400 Bad Request\r\n',
    'MSG a 1 -5\r\n',
    'MSG a 1 99999999999\r\n',
    'MSG a\r\n',
    'HMSG a 1 20 10\r\n',
    '\r\n',
    'x'.repeat((1 << 20) + 1),
  ])('is refused where it is no NATS: %.30s', (text) => {
    expect(() => makeFrameReader()(Buffer.from(text))).toThrow(/^(a line|not a line|headers|a message) /)
  })
})
