import { isIP } from 'node:net'
import { z } from 'zod'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`; an IPv6 address stands in brackets. */
export const listenAddress = z.string().transform((text, ctx): ListenAddress => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  const bracketed = match?.[1] !== undefined
  if (host === undefined || port > 65_535 || (bracketed && isIP(host) !== 6)) {
    ctx.addIssue({ code: 'custom', message: 'is not `host:port`, e.g. `127.0.0.1:7420` or `[::1]:7420`' })
    return z.NEVER
  }
  return { host, port }
})

export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
