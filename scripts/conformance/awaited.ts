/**
 * Requirements whose tests are still to be written: shown as not supported. One that has a test does not belong here, and
 * the check says so.
 */
export const awaited: ReadonlySet<string> = new Set(
  [
    ['RFC8693 2.1', 'RFC8693 2.2.2', 'RFC8693 4.1', 'RFC8693 4.4', 'RFC8707 2.1'],
    ['RFC9396 2', 'RFC9396 5', 'RFC9396 6', 'RFC9396 7'],
    ['SL 4.1', 'SL 4.2', 'SL 5.1', 'SL 8.2', 'SL 8.4', 'SL 9.3', 'SL 13.2'],
    ['RFC8705 2.1', 'OAUTH-SPIFFE 3.1', 'OAUTH-SPIFFE 3.2'],
  ].flat(),
)
