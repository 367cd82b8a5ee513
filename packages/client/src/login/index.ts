/** How a program proves what it is to a server: keys and tokens of platforms, from files. Not for browsers. */
export { type AccessTokens, makeAccessTokens, type ProvenToken } from './access-tokens.ts'
export { makeBoundKey, publicJwkOf, readBoundKey, saveBoundKey } from './bound-key.ts'
export { countedLogin, loginFileOf } from './counted-key.ts'
export { OAuthRefusal } from './oauth-refusal.ts'
export { readPrivateFile, writePrivateFile } from './private-file.ts'
export {
  findGitHubActions,
  jwtSvidProof,
  keyFileProof,
  keyProof,
  platformProof,
  type ProofSource,
  tokenFromEnvironment,
  tokenFromFile,
  type TokenForm,
  type TokenReader,
} from './proof-source.ts'
export { UsageError } from './usage-error.ts'
