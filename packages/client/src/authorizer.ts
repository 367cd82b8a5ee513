/** How a request says who sends it: with a bearer token, or with a bound one and a proof for that very request. */
import type { Dpop } from './dpop.ts'

export interface Authorizer {
  /** The headers that go with one request, made for it alone. */
  headersFor(request: { readonly method: string; readonly url: string }): Promise<Readonly<Record<string, string>>>
  /** @returns true where the answer asks for the same request again */
  learnFrom(answer: Response): Promise<boolean>
}

export function bearerAuthorizer(token: () => Promise<string>): Authorizer {
  return {
    headersFor: async () => ({ authorization: `Bearer ${await token()}` }),
    learnFrom: async () => false,
  }
}

export interface BoundToken {
  readonly accessToken: string
  /** What the server said of it; a server that cannot bind gives `Bearer`. */
  readonly tokenType: 'Bearer' | 'DPoP'
}

export function dpopAuthorizer(dpop: Dpop, token: () => Promise<BoundToken>): Authorizer {
  return {
    async headersFor({ method, url }) {
      const { accessToken, tokenType } = await token()
      const authorization = `${tokenType} ${accessToken}`
      return tokenType === 'Bearer'
        ? { authorization }
        : { authorization, dpop: dpop.proof({ method, url, accessToken }) }
    },
    learnFrom: (answer) => dpop.learnFrom(answer),
  }
}

/** Sends a request with what authorises it, and once more where the server wants another proof. */
export async function sendAuthorized(
  authorizer: Authorizer | undefined,
  request: Request,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (authorizer === undefined) return send(request)
  // A body can be read once only.
  const again = request.clone()
  const answer = await send(await authorized(authorizer, request))
  if (!(await authorizer.learnFrom(answer))) return answer
  await answer.body?.cancel()
  return send(await authorized(authorizer, again))
}

/** The request with its headers, made for it alone. */
export async function authorized(authorizer: Authorizer, request: Request): Promise<Request> {
  for (const [name, value] of Object.entries(await authorizer.headersFor(request))) request.headers.set(name, value)
  return request
}
