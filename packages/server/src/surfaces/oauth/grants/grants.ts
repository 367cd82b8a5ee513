import { answerClientCredentials } from './client-credentials.ts'
import type { Grant } from './grant.ts'
import { answerJwtBearer } from './jwt-bearer.ts'
import { answerTokenExchange } from './token-exchange.ts'

/** By `grant_type`. A new grant is a file and a line here; the metadata lists what stands here. */
export const grants: ReadonlyMap<string, Grant> = new Map([
  ['client_credentials', answerClientCredentials],
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', answerJwtBearer],
  ['urn:ietf:params:oauth:grant-type:token-exchange', answerTokenExchange],
])
