export type { components, operations, paths } from './api.gen.ts'
export { type Authorizer, bearerAuthorizer, type BoundToken, dpopAuthorizer } from './authorizer.ts'
export {
  allItems,
  answerOf,
  createMayflyClient,
  type MayflyClient,
  type MayflyClientOptions,
  sendRequest,
} from './create-mayfly-client.ts'
export { type Dpop, type DpopOptions, type DpopRequest, makeDpop } from './dpop.ts'
export { followRevocation, type Revocation } from './follow-revocation.ts'
export {
  makeClientAssertion,
  signCompactJwt,
  privateKeyAuthorizer,
  privateKeyTokens,
  type PrivateKeyTokensOptions,
} from './private-key-tokens.ts'
export { type LocalCode, type Problem, ProblemError, problemOf } from './problem-error.ts'
export { readEvents, type ServerSentEvent } from './read-events.ts'
