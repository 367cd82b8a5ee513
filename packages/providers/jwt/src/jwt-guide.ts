/** What there is to do at a resource server: nothing is installed, but everything must be checked. */
export const jwtGuide = `# A token is judged by whoever is shown it. For each request the resource server checks, in this order:
#
#  1. the header: alg is the one of the resource (ES256 or RS256), typ is at+jwt (or JWT, where the resource says so);
#     a kid is looked up in the issuer's own key set (jwks_uri of /.well-known/oauth-authorization-server) and nowhere else
#  2. the signature
#  3. iss is the issuer, exactly; aud holds this resource server; exp is not past
#  4. cnf, where the token has it: the request must prove the key (DPoP, RFC 9449) or come with the certificate (RFC 8705)
#  5. the end: ask the issuer (introspection, RFC 7662), which knows at once, or read the status list that the token names
#     (status.status_list), which is as old as the copy. Without either, a revoked token is good until its exp
#  6. scope, or authorization_details; sub is on whose authority, act.sub is who acts
`
