/** Envoy's secret discovery, over its own paths and messages: state of the world, version 3. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Metadata, type ServiceError, status as codes } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { messageOf } from '../../../packages/host-agent/src/grpc/load-services.ts'
import { until } from '../../support/index.ts'
import { makeCertificateAuthority } from './certificate-authority.ts'
import { callUnary, openClient, openDuplex, ownUid, refusalOf, startHostAgentWorld } from './host-agent-fixture.ts'

const service = 'envoy.service.secret.v3.SecretDiscoveryService'
const tls = 'envoy.extensions.transport_sockets.tls.v3'
const typeUrl = `type.googleapis.com/${tls}.Secret`

interface Response {
  readonly version_info: string
  readonly resources: readonly { readonly type_url: string; readonly value: Buffer }[]
  readonly type_url: string
  readonly nonce: string
}
interface Secret {
  readonly name: string
  readonly tls_certificate?: { readonly certificate_chain: Inline; readonly private_key: Inline }
  readonly validation_context?: {
    readonly trusted_ca?: Inline
    readonly custom_validator_config?: {
      readonly name: string
      readonly typed_config: { type_url: string; value: Buffer }
    }
  }
}
interface Inline {
  readonly inline_bytes: Buffer
}

function secretsOf(response: Response): Secret[] {
  return response.resources.map(({ value }) => messageOf<Secret>(`${tls}.Secret`).deserialize(value))
}

function openSecrets(target: string) {
  const client = openClient(target)
  const call = openDuplex<object, Response>(client, service, 'StreamSecrets')
  const answers: Response[] = []
  call.on('data', (answer: Response) => answers.push(answer))
  const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve))
  return {
    answers,
    ended,
    ask: (request: object) => void call.write({ type_url: typeUrl, ...request }),
    at: (index: number) => until(() => answers[index], { describe: `answer ${index} has come` }),
    close: () => {
      call.cancel()
      client.close()
    },
  }
}

test('an identity is a TLS certificate, a trust domain is a validation context', async () => {
  await using world = await startHostAgentWorld()
  world.server.federate(await makeCertificateAuthority('partner.example'))
  await until(() => world.logLines.at(-1)?.includes('partner.example'), { describe: 'it is federated' })
  const id = world.server.spiffeId('tests')
  const secrets = openSecrets(world.target)
  secrets.ask({ resource_names: ['default', id, 'ROOTCA', 'spiffe://partner.example', 'ALL'] })
  const answer = await secrets.at(0)
  expect(answer.type_url).toBe(typeUrl)
  expect(answer.resources.every(({ type_url }) => type_url === typeUrl)).toBe(true)
  const [byDefault, byId, root, partner, all] = secretsOf(answer)
  expect([byDefault?.name, byId?.name, root?.name]).toEqual(['default', id, 'ROOTCA'])
  const leaf = new X509Certificate(byDefault?.tls_certificate?.certificate_chain.inline_bytes ?? '')
  expect(leaf.subjectAltName).toBe(`URI:${id}`)
  expect(leaf.checkPrivateKey(createPrivateKey(byDefault?.tls_certificate?.private_key.inline_bytes ?? ''))).toBe(true)
  const authority = new X509Certificate(root?.validation_context?.trusted_ca?.inline_bytes ?? '')
  expect(leaf.verify(authority.publicKey)).toBe(true)
  const other = new X509Certificate(partner?.validation_context?.trusted_ca?.inline_bytes ?? '')
  expect(leaf.verify(other.publicKey), 'control: by the partner').toBe(false)
  const validator = all?.validation_context?.custom_validator_config
  expect(validator?.name).toBe('envoy.tls.cert_validator.spiffe')
  expect(validator?.typed_config.type_url).toBe(`type.googleapis.com/${tls}.SPIFFECertValidatorConfig`)
  const config = messageOf<{ trust_domains: { name: string }[] }>(`${tls}.SPIFFECertValidatorConfig`)
  const domains = config.deserialize(validator?.typed_config.value ?? Buffer.alloc(0)).trust_domains
  expect(domains.map(({ name }) => name)).toEqual(['example.org', 'partner.example'])
  secrets.close()
})

test('the messages have the field numbers of Envoy', () => {
  // Written by hand from api/envoy/…/v3: name = 1, tls_certificate = 2, validation_context = 4; chain = 1, key = 2; inline_bytes = 2.
  const secret = messageOf<object>(`${tls}.Secret`).serialize({
    name: 'n',
    tls_certificate: {
      certificate_chain: { inline_bytes: Buffer.from('c') },
      private_key: { inline_bytes: Buffer.from('k') },
    },
  })
  expect(secret.toString('hex')).toBe(['0a016e', '120a', '0a03120163', '120312016b'].join(''))
  const context = messageOf<object>(`${tls}.Secret`).serialize({
    validation_context: {
      trusted_ca: { inline_bytes: Buffer.from('c') },
      custom_validator_config: { name: 'v', typed_config: { type_url: 't', value: Buffer.from('x') } },
    },
  })
  expect(context.toString('hex')).toBe(['2212', '0a03120163', '620b', '0a0176', '1206', '0a0174', '120178'].join(''))
  const config = messageOf<object>(`${tls}.SPIFFECertValidatorConfig`)
  const domain = { name: 'd', trust_bundle: { inline_bytes: Buffer.from('b') } }
  expect(config.serialize({ trust_domains: [domain] }).toString('hex')).toBe(['0a08', '0a0164', '1203120162'].join(''))
  const request = messageOf<{ response_nonce: string; error_detail: { message: string } }>(
    'envoy.service.discovery.v3.DiscoveryRequest',
  )
  const bytes = Buffer.from(['0a0176', '1a016e', '220174', '2a0172', '3205', '080312016d'].join(''), 'hex')
  expect(request.deserialize(bytes)).toMatchObject({
    version_info: 'v',
    resource_names: ['n'],
    type_url: 't',
    response_nonce: 'r',
    error_detail: { code: 3, message: 'm' },
  })
  const response = messageOf<object>('envoy.service.discovery.v3.DiscoveryResponse')
  const answer = {
    version_info: 'v',
    resources: [{ type_url: 't', value: Buffer.from('x') }],
    type_url: 'u',
    nonce: 'n',
  }
  expect(response.serialize(answer).toString('hex')).toBe(
    ['0a0176', '1206', '0a0174', '120178', '220175', '2a016e'].join(''),
  )
})

test('an acknowledged answer is not sent again until something changes; a stale nonce is passed over; a refusal is not a request', async () => {
  await using world = await startHostAgentWorld()
  const secrets = openSecrets(world.target)
  secrets.ask({ resource_names: ['default'] })
  const first = await secrets.at(0)
  secrets.ask({ resource_names: ['default'], version_info: first.version_info, response_nonce: first.nonce })
  secrets.ask({ resource_names: ['ROOTCA'], response_nonce: 'of another answer' })
  // A new name is answered, so that what came before it is known to have been passed over.
  secrets.ask({ resource_names: ['default', 'ROOTCA'], version_info: first.version_info, response_nonce: first.nonce })
  const second = await secrets.at(1)
  expect(secretsOf(second).map(({ name }) => name)).toEqual(['default', 'ROOTCA'])
  expect(second.nonce).not.toBe(first.nonce)
  secrets.ask({
    resource_names: ['default', 'ROOTCA'],
    version_info: first.version_info,
    response_nonce: second.nonce,
    error_detail: { code: 3, message: 'bad certificate' },
  })
  await until(() => world.logLines.find((line) => line.includes('secrets_not_accepted')), {
    describe: 'the refusal is logged',
  })
  expect(secrets.answers).toHaveLength(2)
  await world.server.taint()
  const third = await until(
    () =>
      secrets.answers.find(
        (one) =>
          secretsOf(one)[0]?.tls_certificate?.certificate_chain.inline_bytes.equals(
            secretsOf(first)[0]?.tls_certificate?.certificate_chain.inline_bytes ?? Buffer.alloc(0),
          ) === false,
      ),
    { describe: 'the new certificate is pushed' },
  )
  expect(third.version_info).not.toBe(second.version_info)
  secrets.close()
})

test('a revocation ends the stream with PermissionDenied within a second; what one may not have is refused', async () => {
  await using world = await startHostAgentWorld({
    bind: [
      { identity: 'tests', selectors: [`unix:uid:${ownUid}`] },
      { identity: 'elsewhere', selectors: ['unix:uid:4294967'] },
    ],
  })
  const others = openSecrets(world.target)
  others.ask({ resource_names: [world.server.spiffeId('elsewhere')] })
  expect((await others.ended).code).toBe(codes.PERMISSION_DENIED)
  const secrets = openSecrets(world.target)
  secrets.ask({ resource_names: ['default'] })
  await secrets.at(0)
  const startedMs = performance.now()
  world.server.suspend('tests')
  expect((await secrets.ended).code).toBe(codes.PERMISSION_DENIED)
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  const again = openSecrets(world.target)
  again.ask({ resource_names: ['default'] })
  expect((await again.ended).code).toBe(codes.PERMISSION_DENIED)
  for (const one of [others, secrets, again]) one.close()
})

test('a single fetch gives the same; all there is where no name is given; another type and delta are refused', async () => {
  await using world = await startHostAgentWorld()
  const client = openClient(world.target)
  const fetchSecrets = (request: object) =>
    callUnary<Response>(client, 'FetchSecrets', request, new Metadata(), service)
  const all = await fetchSecrets({ type_url: typeUrl })
  expect(secretsOf(all).map(({ name }) => name)).toEqual([world.server.spiffeId('tests'), 'ROOTCA', 'ALL'])
  const other = { type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }
  expect((await refusalOf(fetchSecrets(other))).code).toBe(codes.INVALID_ARGUMENT)
  const delta = openDuplex(client, service, 'DeltaSecrets')
  const ended = new Promise<ServiceError>((resolve) => delta.on('error', resolve))
  delta.write({})
  expect((await ended).code).toBe(codes.UNIMPLEMENTED)
  client.close()
})
