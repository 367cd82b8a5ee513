import { httpProvider } from '@mayfly/provider-http'
import type { Provider } from '../../packages/server/src/adapters/targets/targets.ts'
import { httpTargetSettings } from '../http-target/open-target.ts'
import { startProcess } from '../start-process.ts'
import { type DeadTarget, textOf } from './dead-target.ts'

export async function startDeadHttp(): Promise<DeadTarget> {
  const system = await startProcess('http-target/serve.ts', [])
  return {
    kind: 'http',
    provider: httpProvider as unknown as Provider,
    resource: { settings: httpTargetSettings(system.url), secret: { value: 'a-token' }, permission: {} },
    async logIn(fields) {
      const answer = await fetch(`${system.url}/orders`, {
        headers: { authorization: `Bearer ${textOf(fields, 'token')}` },
      })
      await answer.arrayBuffer()
      if (answer.status !== 200 && answer.status !== 401) throw new Error(`status ${answer.status}`)
      return answer.status === 200
    },
    async present(handles) {
      const names = handles.map(({ accountName }) => accountName)
      const answer = await fetch(`${system.url}/tokens`)
      const { tokens } = (await answer.json()) as { readonly tokens: readonly { readonly label: string }[] }
      const there = new Set(tokens.map(({ label }) => label))
      return new Set(names.filter((name) => there.has(name)))
    },
    close: async () => system[Symbol.asyncDispose](),
  }
}
