/**
 * By which method a client proves who it is (RFC 6749 section 2.3): read from the request, not yet judged.
 *
 * `private_key_jwt` (RFC 7523 section 2.2), `spiffe_jwt` and `spiffe_x509` (draft-ietf-oauth-spiffe-client-auth) and
 * `tls_client_auth` (RFC 8705 section 2.1). There are no client secrets.
 */
import { Secret } from '@mayfly/provider-kit'
import { isJwtFault, readJwt } from '../../adapters/trust-providers/jwt.ts'
import type { ShownProof } from '../../application/proof/accept-proof.ts'
import { findPeerCertificate } from '../http/peer-certificate.ts'
import { requireParameter } from './form.ts'
import type { Asked } from './grants/grant.ts'
import { OAuthError } from './oauth-error.ts'

export const jwtBearerAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const jwtSpiffeAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

export type ClientProof = ShownProof & { readonly clientId: string | undefined }

/** @throws OAuthError `invalid_client`, `invalid_request` */
export function readClientProof(asked: Asked): ClientProof {
  const { form } = asked
  if (form.has('client_secret')) {
    throw form.has('client_assertion') ? twoMethods : noSecrets
  }
  if (form.has('client_assertion') || form.has('client_assertion_type')) return readAssertion(asked)
  return readCertificate(asked)
}

function readAssertion({ form }: Asked): ClientProof {
  const token = new Secret(requireParameter(form, 'client_assertion'))
  const clientId = form.get('client_id')
  switch (requireParameter(form, 'client_assertion_type')) {
    case jwtBearerAssertion:
      return { form: 'client_assertion', token, clientId }
    case jwtSpiffeAssertion:
      return readJwtSvid(token, clientId)
    default:
      throw new OAuthError('invalid_client', {
        description: `client_assertion_type must be ${jwtBearerAssertion} or ${jwtSpiffeAssertion}`,
      })
  }
}

/** The client is who the SVID says; a name beside it can only say the same. */
function readJwtSvid(token: Secret, clientId: string | undefined): ClientProof {
  const svid = readJwt(token.reveal())
  const subject = isJwtFault(svid) ? undefined : svid.claims['sub']
  if (typeof subject !== 'string' || !subject.startsWith('spiffe://')) {
    throw new OAuthError('invalid_client', { description: 'the client assertion is no JWT-SVID: sub is no SPIFFE ID' })
  }
  if (clientId !== undefined && clientId !== subject) {
    throw new OAuthError('invalid_client', { description: 'client_id is another than the SPIFFE ID of the JWT-SVID' })
  }
  return { form: 'assertion', token, clientId: undefined }
}

/** RFC 8705 section 2: who it is stands in `client_id`, and the handshake has proven the key. */
function readCertificate({ request, form }: Asked): ClientProof {
  const certificate = findPeerCertificate(request)
  const clientId = form.get('client_id')
  if (certificate === undefined) throw nothingShown
  if (clientId === undefined) {
    throw new OAuthError('invalid_client', { description: 'name the client of the certificate with client_id' })
  }
  return { form: 'certificate', chain: certificate.chain, clientId }
}

const twoMethods = new OAuthError('invalid_request', { description: 'two ways of authentication at once' })
const noSecrets = new OAuthError('invalid_client', { description: 'clients have no secret; use private_key_jwt' })
const nothingShown = new OAuthError('invalid_client', {
  description: `authenticate with client_assertion and client_assertion_type=${jwtBearerAssertion}, or with a certificate over mutual TLS`,
})
