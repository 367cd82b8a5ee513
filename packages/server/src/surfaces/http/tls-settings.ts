/**
 * What every listener of ours speaks: TLS 1.2 or newer, with the cipher suites of Mozilla's intermediate recommendation
 * that keep past traffic secret when a key is lost later.
 */
import type { TlsOptions } from 'node:tls'

const cipherSuites = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Beside the certificate and the key. Give them again with each change of the certificate: nothing is kept of them. */
export const tlsSettings = {
  minVersion: 'TLSv1.2',
  ciphers: cipherSuites,
  ecdhCurve: 'X25519:prime256v1:secp384r1',
  // Whoever connects and says nothing must not hold the connection.
  handshakeTimeout: 10_000,
} as const satisfies TlsOptions

/** So that connections that only wait leave room for files and the database. */
export const maxConnections = 10_000
