import { NightlatchError } from '../errors.ts'
import { type SecretAlgorithm, secretAlgorithmNames, signWithKey, signWithSecret } from './client-assertion.ts'
import type { Credentials } from './credentials.ts'
import { algorithmsOf, type PrivateKey, signingAlgorithmNames } from './private-key.ts'

/** A token request about to be sent; a client authentication writes onto it. */
export interface TokenRequestDraft {
  /** Where it goes; a copy, so that credentials in the query stay in this request. */
  readonly url: URL
  readonly headers: Headers
  /** The grant's parameters: the form, the members of a JSON body, or the query. */
  readonly parameters: URLSearchParams
  /** With `bodyFormat: 'json'`: a body that is not just the parameters. */
  json?: unknown
  /** The authorization server's issuer identifier, where the provider names one. */
  readonly issuer: URL | undefined
  /**
   * The same as it is spelt: by the metadata, or else by the provider. What is signed for an issuer must name it character by
   * character, and a URL adds a slash to a mere host.
   */
  readonly issuerIdentifier?: string | undefined
  /** When this attempt is made, by the client's clock; for what is signed. */
  readonly date?: Date
}

/**
 * Puts credentials onto a token request. Called for each HTTP attempt, after the parameters are set. Its function name is
 * part of the identity a token is cached under, so give two methods two names.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3 RFC 6749 section 2.3}
 */
export type ClientAuthentication = (request: TokenRequestDraft, credentials: Credentials) => void | Promise<void>

/**
 * Client id and secret in the `Authorization: Basic` header (`client_secret_basic`).
 *
 * Servers disagree about what comes before the Base64: RFC 6749 form-encodes both halves, many servers read them raw.
 * They are the same for letters and digits; a secret with `+ : % = /` works with one of the two only.
 *
 * @param options.encoding `'form'` as RFC 6749 section 2.3.1 says, or `'raw'`; UTF-8 either way. Default `'form'`.
 * @throws NightlatchError `invalid_options` when a grant is asked for without a client secret, or raw with a client id that holds a colon
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
 */
export function clientSecretBasic(options: { encoding?: 'form' | 'raw' } = {}): ClientAuthentication {
  const { encoding = 'form' } = options
  if (encoding !== 'form' && encoding !== 'raw') {
    throw new NightlatchError('invalid_options', "clientSecretBasic: encoding must be 'form' or 'raw'")
  }
  const raw = encoding === 'raw'
  return named(`client_secret_basic ${encoding}`, ({ headers }, credentials) => {
    const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_basic')
    if (raw && clientId.includes(':')) {
      throw new NightlatchError(
        'invalid_options',
        "the client id holds a colon, which a raw Basic header cannot carry: the server would split it there; use clientSecretBasic({ encoding: 'form' }) or clientSecretPost()",
      )
    }
    const pair = raw ? `${clientId}:${clientSecret}` : `${formEncode(clientId)}:${formEncode(clientSecret)}`
    headers.set('authorization', `Basic ${base64(pair)}`)
  })
}

/**
 * Client id and secret as `client_id` and `client_secret` in the request's parameters (`client_secret_post`).
 *
 * @throws NightlatchError `invalid_options` when a grant is asked for without a client secret
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
 */
export function clientSecretPost(): ClientAuthentication {
  return named('client_secret_post', ({ parameters }, credentials) => {
    const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_post')
    parameters.set('client_id', clientId)
    parameters.set('client_secret', clientSecret)
  })
}

/** How a client signs that it is itself. */
export interface JwtAuthenticationOptions {
  /** A name of the JOSE registry. Default: the key's own; `HS256` for a secret. */
  readonly algorithm?: string
  /**
   * Whom the assertion is for: the issuer, the token endpoint, or a URL, which is sent as its `href`. Default `'issuer'`, or the
   * token endpoint where no issuer is known.
   */
  readonly audience?: 'issuer' | 'tokenEndpoint' | URL
}

/**
 * A JWT signed with the client secret (`client_secret_jwt`); a new one for each HTTP attempt, good for a minute. The secret
 * itself does not travel.
 *
 * @param options.algorithm `HS256`, `HS384` or `HS512`. Default `HS256`.
 * @param options.audience default `'issuer'`, or the token endpoint where no issuer is known
 * @throws NightlatchError `invalid_options` for wrong options, and when a grant is asked for without a client secret
 * @see {@link https://www.rfc-editor.org/rfc/rfc10070 RFC 10070}
 */
export function clientSecretJwt(options: JwtAuthenticationOptions = {}): ClientAuthentication {
  const { algorithm = 'HS256', audience = 'issuer' } = options
  checkJwtOptions('clientSecretJwt', { algorithm, audience }, secretAlgorithmNames)
  return named(`client_secret_jwt ${algorithm} ${audience}`, async (request, credentials) => {
    const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_jwt')
    const subject = { clientId, audience: findAudience(request, audience), issuedAt: request.date ?? new Date() }
    setAssertion(request, clientId, await signWithSecret(subject, clientSecret, algorithm as SecretAlgorithm))
  })
}

/**
 * A JWT signed with the client's private key (`private_key_jwt`); a new one for each HTTP attempt, good for a minute.
 *
 * @param options.algorithm default: the key's own (`EdDSA` for Ed25519, which also goes by `Ed25519`)
 * @param options.audience default `'issuer'`, or the token endpoint where no issuer is known
 * @throws NightlatchError `invalid_options` for wrong options, and when a grant is asked for without a private key, or with one that does not sign by the algorithm
 * @see {@link https://www.rfc-editor.org/rfc/rfc10070 RFC 10070}
 */
export function privateKeyJwt(options: JwtAuthenticationOptions = {}): ClientAuthentication {
  const { algorithm, audience = 'issuer' } = options
  checkJwtOptions('privateKeyJwt', { algorithm, audience }, signingAlgorithmNames)
  return named(`private_key_jwt ${algorithm ?? 'key'} ${audience}`, async (request, credentials) => {
    const { clientId, privateKey, keyId } = requireKey(credentials)
    const fitting = algorithmsOf(privateKey)
    const chosen = algorithm ?? fitting[0]
    if (chosen === undefined || !fitting.includes(chosen)) {
      throw new NightlatchError(
        'invalid_options',
        `options.credentials.privateKey does not sign by ${chosen}, which privateKeyJwt is told to use; it signs by ${fitting.join(', ')}`,
      )
    }
    const subject = { clientId, audience: findAudience(request, audience), issuedAt: request.date ?? new Date() }
    setAssertion(request, clientId, await signWithKey(subject, privateKey, keyId, chosen))
  })
}

/**
 * The client's certificate speaks for it (`tls_client_auth`, and `self_signed_tls_client_auth`, which looks the same from here):
 * `client_id` alone is sent. The certificate is the transport's affair: `ClientOptions.fetch`. Where an issuer's metadata has an
 * endpoint for mutual TLS, that one is asked.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-2 RFC 8705 section 2}
 */
export function tlsClientAuth(): ClientAuthentication {
  return named('tls_client_auth', (request, credentials) => sendClientId(request, credentials))
}

/**
 * The client says who it is, and proves nothing (`none`): `client_id` alone is sent.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.1 RFC 6749 section 2.1}, public clients
 */
export function none(): ClientAuthentication {
  return named('none', (request, credentials) => sendClientId(request, credentials))
}

/** Whether a client authentication is by a certificate. */
export function usesMutualTls(clientAuthentication: ClientAuthentication | undefined): boolean {
  return clientAuthentication?.name === 'tls_client_auth'
}

/** What a client authentication of ours, or the default one, needs besides the client id. */
export function neededCredential(
  clientAuthentication: ClientAuthentication | undefined,
): 'clientSecret' | 'privateKey' | undefined {
  const name = methodName(clientAuthentication)
  if (/^client_secret_(basic (form|raw)|post|jwt HS\d+ .+)$/.test(name)) return 'clientSecret'
  return /^private_key_jwt [\w-]+ .+$/.test(name) ? 'privateKey' : undefined
}

/** How a client authenticates, for the cache key; the method that metadata will choose has a name of its own. */
export function methodName(clientAuthentication: ClientAuthentication | undefined, choosesLater = false): string {
  return clientAuthentication?.name ?? (choosesLater ? 'from metadata' : 'client_secret_basic form')
}

/**
 * The client authentication of a provider that names none, from what the issuer's metadata names: with a private key
 * `private_key_jwt`; with a secret `client_secret_basic`, else `client_secret_post`, else `client_secret_jwt`.
 *
 * @param supported names of the IANA registry
 * @throws NightlatchError `invalid_options` where none of them goes with the credentials
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
  throw new NightlatchError(
    'invalid_options',
    `options.credentials go with no client authentication that the issuer's metadata names (${known.join(', ') || 'none that is known here'}): set the provider's clientAuthentication`,
  )
}

/** The names that may be told; a server's own words are not. */
const registeredMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
]

/** The name goes into the cache key, so it must survive a minifier. */
function named(name: string, authenticate: ClientAuthentication): ClientAuthentication {
  return Object.defineProperty(authenticate, 'name', { value: name })
}

function requireSecret(credentials: Credentials, method: string): { clientId: string; clientSecret: string } {
  if ('clientSecret' in credentials) return credentials
  throw new NightlatchError('invalid_options', `options.credentials.clientSecret is missing: ${method} needs one`)
}

function requireKey(credentials: Credentials): { clientId: string; privateKey: PrivateKey; keyId?: string } {
  if ('privateKey' in credentials) return credentials
  throw new NightlatchError('invalid_options', 'options.credentials.privateKey is missing: private_key_jwt needs one')
}

function sendClientId({ parameters }: TokenRequestDraft, { clientId }: Credentials): void {
  parameters.set('client_id', clientId)
}

function checkJwtOptions(
  method: string,
  { algorithm, audience }: { readonly algorithm: string | undefined; readonly audience: unknown },
  algorithms: readonly string[],
): void {
  if (algorithm !== undefined && !algorithms.includes(algorithm)) {
    throw new NightlatchError('invalid_options', `${method}: algorithm must be one of ${algorithms.join(', ')}`)
  }
  if (audience !== 'issuer' && audience !== 'tokenEndpoint' && !(audience instanceof URL)) {
    throw new NightlatchError(
      'invalid_options',
      `${method}: audience must be 'issuer', 'tokenEndpoint' or a URL object; the issuer is sent as the provider's issuer spells it`,
    )
  }
}

/** A single audience, and no list: a list is what let one server use an assertion at another. */
function findAudience(
  { url, issuer, issuerIdentifier }: TokenRequestDraft,
  audience: 'issuer' | 'tokenEndpoint' | URL,
): string {
  if (audience instanceof URL) return audience.href
  const identifier = issuerIdentifier ?? issuer?.href
  return audience === 'issuer' && identifier !== undefined ? identifier : url.href
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.2 RFC 7523 section 2.2} */
function setAssertion({ parameters }: TokenRequestDraft, clientId: string, assertion: string): void {
  parameters.set('client_id', clientId)
  parameters.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  parameters.set('client_assertion', assertion)
}

/** As an HTML form would: a space is `+`, and everything but letters, digits and `*-._` is percent-encoded UTF-8. */
export function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

function base64(value: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(value)))
}
