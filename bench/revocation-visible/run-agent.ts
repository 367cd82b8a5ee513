/** A host agent that asks one server, in a process of its own; it proves itself at the public URL. */
import { createPrivateKey } from 'node:crypto'
import { bearerAuthorizer } from '@mayfly/client'
import { keyProof, makeAccessTokens } from '@mayfly/client/login'
import {
  makeHttpAuthority,
  makeLog,
  parseHostAgentConfig,
  startHostAgent,
  systemTiming,
} from '../../packages/host-agent/src/index.ts'

const [publicUrl = '', serverUrl = '', name = '', pem = '', socket = ''] = process.argv.slice(2)
const over = new AbortController()
const now = () => new Date()
// Bearer tokens: a bound one is for the public URL, and here each server is asked at its own address.
const tokens = makeAccessTokens(publicUrl, keyProof(name, createPrivateKey(pem), now), now, over.signal)
const authorizer = bearerAuthorizer(async () => (await tokens.current()).accessToken)
const agent = await startHostAgent(parseHostAgentConfig({ socket }, { passwd: '', group: '' }), {
  authority: makeHttpAuthority({ client: { baseUrl: serverUrl, authorizer }, tokens }),
  timing: systemTiming,
  log: makeLog(() => {}, Date.now),
})
process.send?.({ url: `unix://${socket}` })
process.once('disconnect', () => {
  over.abort()
  void agent.stop().then(() => process.exit(0))
})
