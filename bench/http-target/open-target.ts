import { type HttpTarget, httpProvider, httpSecret, httpSettings } from '@mayfly/provider-http'

export const inFlight = 8

export function httpTargetSettings(url: string) {
  return {
    base_url: url,
    create: {
      method: 'POST',
      path: '/tokens',
      body: { label: '{account_name}' },
      fields: { token: { pointer: '/token' } },
      refuses_duplicates: true,
    },
    find: { path: '/tokens', list: { items: '/tokens', label: '/label' }, handle: '/id' },
    delete: { method: 'DELETE', path: '/tokens/{handle}' },
    max_concurrent_calls: inFlight,
  }
}

export function openHttpTarget(url: string): Promise<HttpTarget> {
  const settings = httpSettings.parse(httpTargetSettings(url))
  return httpProvider.open({ settings, secret: httpSecret.parse({ value: 'a-token' }) })
}
