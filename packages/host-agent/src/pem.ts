/** DER as PEM (RFC 7468). */
export function toPem(label: 'CERTIFICATE' | 'PRIVATE KEY', der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

export function certificatesPem(certificates: readonly Buffer[]): string {
  return certificates.map((der) => toPem('CERTIFICATE', der)).join('')
}
