/** The template of the guide, at a real broker: what readers are shown is what the suites judge. */
import { readFileSync } from 'node:fs'
import { type HttpTarget, httpProvider, httpSecret, httpSettings } from '@mayfly/provider-http'
import { parse } from 'yaml'
import type { Broker } from '../provider-rabbitmq/rabbitmq-fixture.ts'

const guide = new URL('../../../docs/guides/connect-http.md', import.meta.url)

/** The manifest, as it stands there, and the address in it that stands for the reader's own. */
export function readBrokerManifest(): string {
  const [, manifest] =
    /^## A worked example: the management API of RabbitMQ$[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(
      readFileSync(guide, 'utf8'),
    ) ?? []
  if (manifest === undefined) throw new Error('the guide has no manifest for RabbitMQ')
  return manifest
}

export const placeholderUrl = 'https://rabbit.example.com:15671'

interface Manifest {
  readonly resources: readonly { readonly settings: Readonly<Record<string, unknown>> }[]
  readonly roles: readonly { readonly permission: { readonly values: Readonly<Record<string, string>> } }[]
}

/** @param username of Mayfly's own login there */
export function brokerTemplate(url: string, username: string) {
  const { resources, roles } = parse(readBrokerManifest().replace(placeholderUrl, url)) as Manifest
  const [resource, role] = [resources[0], roles[0]]
  if (resource === undefined || role === undefined) throw new Error('the manifest has a resource and a role')
  const settings: Readonly<Record<string, unknown>> = { ...resource.settings, auth: { kind: 'basic', username } }
  return { settings, permission: role.permission }
}

export function openTemplate({ access }: Broker, more: Readonly<Record<string, unknown>> = {}): Promise<HttpTarget> {
  const { settings } = brokerTemplate(access.managementUrl, access.username)
  return httpProvider.open({
    settings: httpSettings.parse({ ...settings, ...more }),
    secret: httpSecret.parse({ value: access.password }),
  })
}
