import { requirements, type Standard } from './requirement.ts'

const standard = (title: string, file: string, letter: string, rows: Parameters<typeof requirements>[0]): Standard => ({
  title,
  url: `https://github.com/spiffe/spiffe/blob/main/standards/${file}`,
  prefix: new RegExp(`^${letter}\\d+$`),
  requirements: requirements(rows),
})

export const spiffeStandards: readonly Standard[] = [
  standard('SPIFFE ID', 'SPIFFE-ID.md', 'ID', [
    ['ID1', 'Scheme `spiffe` and a trust domain; no query, fragment, user or port'],
    ['ID2', 'A trust domain has lower-case letters, digits, `.`, `-` and `_`, and at most 255 bytes'],
    ['ID3', 'A segment of the path has letters, digits, `.`, `-` and `_`; none is empty, `.` or `..`'],
    ['ID4', 'IDs of 2048 bytes are read, and none is made that is longer'],
    ['ID5', 'The path is told apart by case; a trust domain in upper case is refused'],
    ['ID6', 'The authority of a trust domain has an ID within it, without a path'],
  ]),
  standard('X.509-SVID', 'X509-SVID.md', 'X', [
    ['X1', 'One URI among the names, and more than one is refused'],
    ['X2', 'The ID of a workload has a path, that of an authority has none'],
    ['X3', 'Where the subject is empty, the names are critical'],
    ['X4', 'A leaf is no authority, and an authority says that it is'],
    ['X5', 'Key usage is there and critical: a leaf signs data, an authority signs certificates, neither the other'],
    ['X6', 'A leaf is for servers and for clients'],
    ['X7', 'A path is checked with the bundle of its own trust domain, and an authority authenticates nobody'],
    ['X8', 'Constraints on names are heeded'],
  ]),
  standard('JWT-SVID', 'JWT-SVID.md', 'J', [
    ['J1', 'Compact serialisation only'],
    ['J2', 'No header beside `alg`, `kid` and `typ`'],
    ['J3', 'RS, ES and PS with 256, 384 or 512 bits, and nothing else, whatever keys the bundle has'],
    ['J4', '`kid` is always there; `typ` is `JWT` or `JOSE`, or absent'],
    ['J5', '`sub`, `aud` and `exp` are demanded, and `aud` holds the one who checks'],
    ['J6', 'More claims are let be, and `iss` is not needed'],
    ['J7', 'Keys for JWT-SVIDs of the trust domain of the subject count, and no others'],
  ]),
  standard('Trust domain and bundle', 'SPIFFE_Trust_Domain_and_Bundle.md', 'B', [
    ['B1', 'A JWK set whose `keys` may be empty: then nothing of that trust domain is believed'],
    ['B2', 'An entry of unknown use or type is passed over, by itself'],
    ['B3', 'An X.509 authority is one certificate without `kid`; a key for JWT-SVIDs has a `kid`'],
    ['B4', 'The sequence grows with every change, and a hint says how often to ask'],
    ['B5', 'A map of bundles names each trust domain once'],
    ['B6', 'Bundles of two trust domains are never merged'],
  ]),
  standard('Federation', 'SPIFFE_Federation.md', 'F', [
    ['F1', 'Both profiles, `https_web` and `https_spiffe`'],
    ['F2', 'The endpoint gives the present bundle to anyone who asks'],
    ['F3', 'Whom to ask is configured; later requests use the bundle that came last'],
    ['F4', 'With `https_spiffe` the server shows exactly the ID that is expected; redirects are held to the same'],
    ['F5', 'New keys are published before they are used; a failure waits for the next turn'],
  ]),
  standard('Workload API', 'SPIFFE_Workload_API.md', 'W', [
    ['W1', 'gRPC on a unix socket, without authentication of the caller by itself'],
    ['W2', 'A request without the security header is refused with InvalidArgument'],
    ['W3', '`SPIFFE_ENDPOINT_SOCKET` is read as the standard writes it'],
    ['W4', 'All mandatory calls under the names of the proto; those of WIT-SVIDs are Unimplemented'],
    ['W5', 'The service is not extended, and reflection is offered'],
    [
      'W6',
      'A stream begins at once, carries the whole state each time, and ends with PermissionDenied where authority ends',
    ],
    ['W7', 'PermissionDenied, Unavailable and InvalidArgument, each where it belongs'],
    ['W8', 'Certificates and keys are DER, leaf first; the first SVID is the default'],
    ['W9', 'Bundles by trust domain; those for JWT hold keys for JWT-SVIDs only'],
    ['W10', 'Without an ID one JWT-SVID for each identity; a validation gives ID and claims'],
  ]),
  {
    title: 'WIT-SVID and the broker API',
    url: 'https://github.com/spiffe/spiffe/tree/main/standards',
    prefix: /^WIT|^BROKER/,
    requirements: requirements([
      ['WIT', 'WIT-SVID', 'optional, and its proof of possession is not settled; its calls answer Unimplemented'],
      ['BROKER', 'SPIFFE broker API', 'it is incubating'],
    ]),
  },
]
