import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseHtu } from './dpop-htu.ts'

test('[RFC9449 4.3] one address written in two ways is one address', () => {
  const one = 'https://server.example.com/oauth/token'
  for (const other of [
    'HTTPS://Server.Example.COM/oauth/token',
    'https://server.example.com:443/oauth/token',
    'https://server.example.com/oauth/./x/../token',
    'https://server.example.com/%6fauth/tok%65n',
    'https://server.example.com/oauth/token?a=b#c',
  ]) {
    expect({ other, meant: normaliseHtu(other) }).toEqual({ other, meant: one })
  }
  expect(normaliseHtu('https://server.example.com/a%2fb')).toBe('https://server.example.com/a%2Fb')
  expect(normaliseHtu('https://server.example.com')).toBe('https://server.example.com/')
})

test('two addresses stay two', () => {
  const all = [
    'https://server.example.com/oauth/token',
    'http://server.example.com/oauth/token',
    'https://server.example.com:444/oauth/token',
    'https://server.example.com/OAuth/token',
    'https://server.example.com/oauth/token/',
    'https://server.example.com/oauth%2Ftoken',
    'https://server.example.com.evil.example/oauth/token',
  ].map(normaliseHtu)
  expect(new Set(all).size).toBe(all.length)
  expect(all).not.toContain(undefined)
})

test('what two readers could read differently is no address', () => {
  for (const text of [
    '',
    '/oauth/token',
    'server.example.com/oauth/token',
    'ftp://server.example.com/',
    'https://user@server.example.com/oauth/token',
    'https://user:secret@server.example.com/oauth/token',
    'https://server.example.com\\oauth\\token',
    ' https://server.example.com/oauth/token',
    'https://server.example.com/oauth/\ntoken',
    'https://server.example.com/oauth/tökén',
    `https://server.example.com/${'x'.repeat(2000)}`,
  ]) {
    expect({ text, meant: normaliseHtu(text) }).toEqual({ text, meant: undefined })
  }
})

test('normalising once is enough, whatever the text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true, withFragments: true })), (text) => {
      const once = normaliseHtu(text) ?? 'https://server.example.com/'
      expect(normaliseHtu(once)).toBe(once)
    }),
  )
})
