/** What there is to do at those that verify: nothing is installed, but everything must be checked. */
export const x509Guide = `# A certificate is judged by whoever is shown it. Nothing has to be run at a target; each verifier
#
#  1. trusts the authority and nothing else:    curl -o ca.pem https://MAYFLY/published/RESOURCE_ID/ca.pem
#  2. checks chain, dates, names and the use of the key (server, client)
#  3. checks the end. Without one of these two a revoked certificate is good until it expires:
#     - by list:  https://MAYFLY/published/RESOURCE_ID/crl        (a delta: .../delta-crl)
#     - by OCSP:  https://MAYFLY/published/RESOURCE_ID/ocsp       (what a certificate names itself)
#
# nginx:    ssl_client_certificate ca.pem; ssl_crl crl.pem; ssl_verify_client on;      # reload after each fetch
#           or  ssl_ocsp on;                                                            # asks at each handshake
# openssl:  openssl verify -crl_check -CRLfile crl.pem -CAfile ca.pem certificate.pem
#           openssl ocsp -issuer ca.pem -cert certificate.pem -url https://MAYFLY/published/RESOURCE_ID/ocsp -CAfile ca.pem
#
# The authority: leave the secret empty and Mayfly makes one that never leaves it, or enter certificate and key of yours.
`
