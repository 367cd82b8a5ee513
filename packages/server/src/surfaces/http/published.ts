/**
 * What resources publish, for anyone who verifies: `/published/{resource_id}/{document}`, of other tenants below `/t/{name}`.
 *
 * Public since it must be: whoever is shown a certificate knows nobody here. It says nothing of whom anything was issued to.
 * A question (OCSP, RFC 6960 appendix A) comes as a POST of its media type, or in base64 behind the name of the document.
 */
import { MayflyError } from '@mayfly/domain'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { type PublishDeps, publishDocument } from '../../application/inventory/publish-document.ts'
import type { TenantDirectory } from '../../application/proof/tenant-directory.ts'
import { maxParamLength } from './app.ts'
import { signalOfClient } from './signal-of-client.ts'
import { tenantInPath } from './tenant-in-path.ts'

export interface PublishedDeps extends PublishDeps {
  readonly tenants: TenantDirectory
}

const maxQuestionBytes = 16_384
const ocspRequest = 'application/ocsp-request'

interface Params {
  readonly tenant?: string
  readonly resource: string
  readonly document: string
  readonly question?: string
}

export function publishedPlugin(deps: PublishedDeps): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(ocspRequest, { parseAs: 'buffer', bodyLimit: maxQuestionBytes }, (_request, body, done) =>
      done(null, body),
    )
    for (const prefix of ['', '/t/:tenant']) register(app, deps, `${prefix}/published/:resource/:document`)
  }
}

function register(app: FastifyInstance, deps: PublishedDeps, url: string): void {
  app.get(url, (request, reply) => send(deps, request, reply, undefined))
  app.get(`${url}/:question`, (request, reply) => {
    const { question = '' } = request.params as Params
    // A client that does not encode `/` asks by POST: whatever stands in one part of the path is all of it.
    const isEncoded = question.length <= maxParamLength && /^[A-Za-z0-9+/]+={0,2}$/.test(question)
    if (!isEncoded) throw new MayflyError('route_unknown')
    return send(deps, request, reply, Buffer.from(question, 'base64'))
  })
  app.post(url, { bodyLimit: maxQuestionBytes }, (request, reply) => {
    if (!Buffer.isBuffer(request.body)) throw new MayflyError('media_type_unsupported')
    return send(deps, request, reply, request.body)
  })
}

async function send(
  deps: PublishedDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Buffer | undefined,
): Promise<FastifyReply> {
  const { resource, document, tenant } = request.params as Params
  const tenantId = await tenantInPath(deps.tenants, tenant)
  const asked = { document, ...(body === undefined ? {} : { body: new Uint8Array(body) }) }
  const answer = await publishDocument(deps, tenantId, resource, asked, signalOfClient(reply))
  if (answer === undefined) throw new MayflyError('route_unknown')
  const { maxAgeSeconds } = answer
  return reply
    .headers({
      'cache-control': maxAgeSeconds === 0 ? 'no-cache' : `public, max-age=${maxAgeSeconds}`,
      'access-control-allow-origin': '*',
    })
    .type(answer.mediaType)
    .send(Buffer.from(answer.body))
}
