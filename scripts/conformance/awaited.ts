/**
 * Requirements whose tests are still to be written: shown as not supported. One that has a test does not belong here, and
 * the check says so.
 */
export const awaited: ReadonlySet<string> = new Set(['RFC8705 2.1', 'OAUTH-SPIFFE 3.1', 'OAUTH-SPIFFE 3.2'])
