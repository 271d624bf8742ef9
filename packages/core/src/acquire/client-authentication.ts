import { NightlatchError } from '../errors.ts'
import { toBase64 } from '../platform/base64.ts'
import type { ClientAuthentication, TokenRequestDraft } from './authentication-method.ts'
import { mutualTlsName } from './authentication-method.ts'
import { readCertificate, thumbprintMembers } from './certificate.ts'
import type { Credentials, IdentifiedCredentials } from './credentials.ts'
import { type PrivateKeyMaterial, signingAlgorithmNames, toSigningKey } from './private-key.ts'
import { secretAlgorithmNames, signAssertion } from './sign-assertion.ts'

/**
 * Sends client id and secret in the `Authorization: Basic` header (`client_secret_basic`).
 *
 * @param options.encoding `'form'`: both are form-encoded first, as RFC 6749 requires; `'raw'`: they are not, as many servers
 * expect. The two differ only for characters other than letters and digits. Default `'form'`
 * @throws NightlatchError `invalid_options` for a wrong option, and when a grant is made without a client secret, or with
 * `'raw'` and a client id that contains a colon
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   tokenEndpoint: 'https://login.acme.example/oauth2/token',
 *   clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
 * }
 * ```
 */
export function clientSecretBasic(options: { encoding?: 'form' | 'raw' } = {}): ClientAuthentication {
  const { encoding = 'form' } = options
  if (encoding !== 'form' && encoding !== 'raw') {
    throw wrongOption("clientSecretBasic: encoding must be 'form' or 'raw'")
  }
  const raw = encoding === 'raw'
  return {
    name: `client_secret_basic ${encoding}`,
    requires: 'clientSecret',
    authenticate({ headers }, credentials) {
      const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_basic')
      if (raw && clientId.includes(':')) {
        throw wrongOption(
          "options.credentials.clientId contains a colon, where the server would split a raw Basic header. Set the provider's clientAuthentication to clientSecretBasic({ encoding: 'form' }) or clientSecretPost().",
        )
      }
      const pair = raw ? `${clientId}:${clientSecret}` : `${formEncode(clientId)}:${formEncode(clientSecret)}`
      headers.set('authorization', `Basic ${toBase64(new TextEncoder().encode(pair))}`)
    },
  }
}

/**
 * Sends client id and secret as the request's parameters `client_id` and `client_secret` (`client_secret_post`).
 *
 * @throws NightlatchError `invalid_options` when a grant is made without a client secret
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   tokenEndpoint: 'https://login.acme.example/oauth2/token',
 *   clientAuthentication: clientSecretPost(),
 * }
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
 */
export function clientSecretPost(): ClientAuthentication {
  return {
    name: 'client_secret_post',
    requires: 'clientSecret',
    authenticate({ parameters }, credentials) {
      const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_post')
      parameters.set('client_id', clientId)
      parameters.set('client_secret', clientSecret)
    },
  }
}

/** Options of the client authentications that sign a JWT. */
export interface JwtAuthenticationOptions {
  /** A name from the JOSE registry. Default: the key's own; `HS256` for a secret. */
  readonly algorithm?: string
  /**
   * The `aud` of the JWT: the issuer, the token endpoint, or a URL, which is sent as its `href`. Default `'issuer'`, or the
   * token endpoint if no issuer is known.
   */
  readonly audience?: 'issuer' | 'tokenEndpoint' | URL
  /**
   * The key's certificate in PEM, at most 64 KiB, for `privateKeyJwt`. Its thumbprints are sent as `x5t` and `x5t#S256`, as
   * Microsoft Entra ID requires. Default: none.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc7515#section-4.1.7 RFC 7515 section 4.1.7}
   */
  readonly certificate?: string
  /** Other members of the JWT's header; a `typ` replaces `client-authentication+jwt`. Default: none. */
  readonly header?: Readonly<Record<string, unknown>>
}

/**
 * Sends a JWT signed with the client secret (`client_secret_jwt`), never the secret itself. Each HTTP attempt signs a new one,
 * valid for 60 seconds.
 *
 * @param options.algorithm `HS256`, `HS384` or `HS512`. Default `HS256`.
 * @param options.audience default `'issuer'`, or the token endpoint if no issuer is known
 * @param options.header other members of the JWT's header. Default: none
 * @throws NightlatchError `invalid_options` for wrong options, and when a grant is made without a client secret
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   issuer: 'https://login.acme.example',
 *   clientAuthentication: clientSecretJwt({ algorithm: 'HS512', audience: 'tokenEndpoint' }),
 * }
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc10070 RFC 10070}
 */
export function clientSecretJwt(options: JwtAuthenticationOptions = {}): ClientAuthentication {
  const { algorithm = 'HS256', audience = 'issuer' } = options
  const { members } = readJwtOptions('clientSecretJwt', { ...options, algorithm }, secretAlgorithmNames)
  if (options.certificate !== undefined) throw wrongOption('clientSecretJwt: certificate is an option of privateKeyJwt')
  return {
    name: `client_secret_jwt ${algorithm} ${audience}`,
    requires: 'clientSecret',
    async authenticate(request, credentials) {
      const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_jwt')
      const subject = { clientId, audience: findAudience(request, audience), issuedAt: request.date ?? new Date() }
      setAssertion(request, clientId, await signAssertion(subject, clientSecret, { ...members, alg: algorithm }))
    },
  }
}

/**
 * Sends a JWT signed with the client's private key (`private_key_jwt`). Each HTTP attempt signs a new one, valid for 60 seconds.
 *
 * @param options.algorithm default: the key's own, which is `EdDSA` for an Ed25519 key; set `Ed25519` if the server requires its
 * newer name
 * @param options.audience default `'issuer'`, or the token endpoint if no issuer is known
 * @param options.certificate PEM; its thumbprints go into the JWT's header. Default: none
 * @param options.header other members of the JWT's header. Default: none
 * @throws NightlatchError `invalid_options` for wrong options, and when a grant is made without a private key, or with one that
 * does not sign with the algorithm
 * @see {@link https://www.rfc-editor.org/rfc/rfc10070 RFC 10070}
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   issuer: 'https://login.acme.example',
 *   clientAuthentication: privateKeyJwt({ algorithm: 'PS256' }),
 * }
 * const client = createClient(acme, { credentials: { clientId: 'my-client', privateKey: pem, keyId: '2026-01' } })
 * ```
 */
export function privateKeyJwt(options: JwtAuthenticationOptions = {}): ClientAuthentication {
  const { algorithm, audience = 'issuer' } = options
  const { members, certificate } = readJwtOptions('privateKeyJwt', options, signingAlgorithmNames)
  return {
    name: `private_key_jwt ${algorithm ?? 'key'} ${audience}`,
    requires: 'privateKey',
    async authenticate(request, credentials) {
      const { clientId, privateKey, keyId } = requireKey(credentials)
      const { key, alg, kid } = await toSigningKey(privateKey, algorithm)
      const subject = { clientId, audience: findAudience(request, audience), issuedAt: request.date ?? new Date() }
      const header = {
        ...members,
        ...(certificate && (await thumbprintMembers(certificate))),
        kid: keyId ?? kid,
        alg,
      }
      setAssertion(request, clientId, await signAssertion(subject, key, header))
    },
  }
}

/**
 * Authenticates by the client's TLS certificate, which `ClientOptions.fetch` presents (`tls_client_auth` and
 * `self_signed_tls_client_auth`). Only `client_id` is sent, to the metadata's endpoint for mutual TLS if it names one.
 *
 * @example
 * ```ts
 * const acme: Provider = { name: 'acme', issuer: 'https://login.acme.example', clientAuthentication: tlsClientAuth() }
 * // `mutualTls` is a fetch that presents the client's certificate.
 * const client = createClient(acme, { credentials: { clientId: 'my-client' }, fetch: mutualTls })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-2 RFC 8705 section 2}
 */
export function tlsClientAuth(): ClientAuthentication {
  return { name: mutualTlsName, authenticate: sendClientId }
}

/**
 * Names the client without authenticating it (`none`): only `client_id` is sent.
 *
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   tokenEndpoint: 'https://login.acme.example/oauth2/token',
 *   clientAuthentication: none(),
 * }
 * const client = createClient(acme, { credentials: { clientId: 'my-client' } })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.1 RFC 6749 section 2.1}, public clients
 */
export function none(): ClientAuthentication {
  return { name: 'none', authenticate: sendClientId }
}

/**
 * Chooses a client authentication from those in the issuer's metadata: with a private key `private_key_jwt`; with a secret
 * `client_secret_basic`, else `client_secret_post`, else `client_secret_jwt`.
 *
 * @param supported names from the IANA registry
 * @throws NightlatchError `invalid_options` if none of them works with the credentials
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-2 RFC 8414 section 2}
 */
export function chooseClientAuthentication(
  supported: readonly string[],
  credentials: Credentials,
): ClientAuthentication {
  if ('privateKey' in credentials && supported.includes('private_key_jwt')) return privateKeyJwt()
  if ('clientSecret' in credentials) {
    if (supported.includes('client_secret_basic')) return clientSecretBasic()
    if (supported.includes('client_secret_post')) return clientSecretPost()
    if (supported.includes('client_secret_jwt')) return clientSecretJwt()
  }
  const known = registeredMethods.filter((method) => supported.includes(method))
  throw wrongOption(
    `options.credentials do not match the client authentications in the issuer's metadata (${known.join(', ') || 'none is supported'}). Set the provider's clientAuthentication.`,
  )
}

/** The names that a message shows, because other text from a server may be anything. */
const registeredMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
]

function requireSecret(credentials: Credentials, method: string): { clientId: string; clientSecret: string } {
  if ('clientSecret' in credentials) return credentials
  throw wrongOption(`options.credentials.clientSecret is missing, but ${method} requires it`)
}

function requireKey(credentials: Credentials): {
  clientId: string
  privateKey: PrivateKeyMaterial
  keyId?: string
} {
  if ('privateKey' in credentials) return credentials
  throw wrongOption('options.credentials.privateKey is missing, but private_key_jwt requires it')
}

function sendClientId({ parameters }: TokenRequestDraft, { clientId }: IdentifiedCredentials): void {
  parameters.set('client_id', clientId)
}

/** Members of a JWT's header that have their own options, or change how the JWT is signed. */
const reservedMembers = ['alg', 'kid', 'b64', 'crit']

/** Checks the options, and copies them, because the caller may change its object later. */
function readJwtOptions(
  method: string,
  { algorithm, audience = 'issuer', certificate, header = {} }: JwtAuthenticationOptions,
  algorithms: readonly string[],
): {
  readonly members: Readonly<Record<string, unknown>>
  readonly certificate: Uint8Array<ArrayBuffer> | undefined
} {
  if (algorithm !== undefined && !algorithms.includes(algorithm)) {
    throw wrongOption(`${method}: algorithm must be one of ${algorithms.join(', ')}`)
  }
  if (audience !== 'issuer' && audience !== 'tokenEndpoint' && !(audience instanceof URL)) {
    throw wrongOption(
      `${method}: audience must be 'issuer', 'tokenEndpoint' or a URL object. 'issuer' is sent exactly as the provider's \`issuer\` is written.`,
    )
  }
  const members = copyJson(header)
  if (typeof members !== 'object' || members === null || Array.isArray(members)) {
    throw wrongOption(`${method}: header must be an object of JSON values`)
  }
  const reserved = reservedMembers.find((name) => name in members)
  if (reserved !== undefined) {
    throw wrongOption(
      `${method}: header must not contain ${reserved}. Set alg by the option \`algorithm\`, and kid by \`keyId\` of the credentials.`,
    )
  }
  const der = typeof certificate === 'string' ? readCertificate(certificate) : undefined
  if (certificate !== undefined && der === undefined) {
    throw wrongOption(
      `${method}: certificate must be PEM, -----BEGIN CERTIFICATE----- to -----END CERTIFICATE----- (if it comes from an environment variable, check that it is set)`,
    )
  }
  return { members: members as Readonly<Record<string, unknown>>, certificate: der }
}

function copyJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value))
  } catch {
    return undefined
  }
}

/** Returns a single audience, because with a list one server could use the assertion at another. */
function findAudience(
  { url, tokenEndpoint = url, issuer, issuerIdentifier = issuer?.href }: TokenRequestDraft,
  audience: 'issuer' | 'tokenEndpoint' | URL,
): string {
  if (audience instanceof URL) return audience.href
  return audience === 'issuer' && issuerIdentifier !== undefined ? readIdentifier(issuerIdentifier) : tokenEndpoint.href
}

/** Keeps an issuer identifier as it is written, unless it has white space, control characters or backslashes, which a URL parser removes. */
function readIdentifier(spelling: string): string {
  if (!/[\s\\\p{Cc}]/u.test(spelling)) return spelling
  const { href, pathname, search } = new URL(spelling)
  // The URL parser adds a slash to a bare host.
  const isBareHost = pathname === '/' && search === '' && !/[/\\]$/.test(spelling.trimEnd())
  return isBareHost ? href.slice(0, -1) : href
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.2 RFC 7523 section 2.2} */
function setAssertion({ parameters }: TokenRequestDraft, clientId: string, assertion: string): void {
  parameters.set('client_id', clientId)
  parameters.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  parameters.set('client_assertion', assertion)
}

/** Encodes as an HTML form does: a space becomes `+`, and all but letters, digits and `*-._` is percent-encoded UTF-8. */
export function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

function wrongOption(message: string): NightlatchError {
  return new NightlatchError('invalid_options', message)
}
