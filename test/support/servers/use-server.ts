import { request } from 'node:http'
import { inject } from 'vitest'
import type { SharedKind, sharedServers } from './shared-servers.ts'

export type AccessOf<Kind extends SharedKind> = Awaited<ReturnType<(typeof sharedServers)[Kind]>>['access']

/** The shared server of this run; started now if nobody has asked for it yet. Change nothing that another test can see. */
export async function useServer<Kind extends SharedKind>(kind: Kind): Promise<AccessOf<Kind>> {
  const socketPath = inject('serverKeeper')
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    request({ socketPath, path: `/${kind}` }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: body }))
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
  const answer: unknown = JSON.parse(text)
  // What the starter of this kind returned, through JSON.
  if (status === 200) return answer as AccessOf<Kind>
  throw new Error(`the shared server \`${kind}\` did not start: ${text}`)
}
