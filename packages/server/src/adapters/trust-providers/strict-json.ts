/** The strict reading of JSON is the domain's, since verifiers without a server need it too. */
export { parseStrictObject } from '@mayfly/domain'
