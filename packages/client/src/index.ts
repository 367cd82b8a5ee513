export type { components, operations, paths } from './api.gen.ts'
export {
  allItems,
  answerOf,
  createMayflyClient,
  type MayflyClient,
  type MayflyClientOptions,
} from './create-mayfly-client.ts'
export { followRevocation, type Revocation } from './follow-revocation.ts'
export { makeClientAssertion, privateKeyTokens, type PrivateKeyTokensOptions } from './private-key-tokens.ts'
export { type LocalCode, type Problem, ProblemError, problemOf } from './problem-error.ts'
export { readEvents, type ServerSentEvent } from './read-events.ts'
