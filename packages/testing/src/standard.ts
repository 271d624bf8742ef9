/** An authorization server and an API that follow RFC 6749 and RFC 6750, for tests of code that works with any provider. */
import { type Assembly, type Emulation, pathPattern, type Site } from './emulation.ts'
import type { Answer } from './faults.ts'
import type { RecordedRequest } from './recorded-request.ts'
import {
  type BasicEncoding,
  type EmulatedCredentials,
  type RotationOptions,
  readBasic,
  registerClient,
} from './registered-client.ts'
import { noStoreHeaders, oauthError } from './rfc6749.ts'
import type { Emulator } from './start-emulator.ts'
import { bearerToken, createTokenIssuer } from './token-issuer.ts'
import { checkRequirements, type EmulatedTokenRequest, type ReadParameters, readParameters } from './token-request.ts'

/** Options of `standardEmulation`. */
export interface StandardEmulationOptions {
  /** The emulation's name; default `'standard'`. */
  readonly name?: string
  /** Default `'test-client'`. */
  readonly clientId?: string
  /** Default: random for each emulator, with characters that each encoding writes differently. */
  readonly clientSecret?: string
  /** How a Basic header is decoded; default `'form'`, as in RFC 6749 section 2.3.1. */
  readonly basicEncoding?: BasicEncoding
  /** What the token endpoint requires in addition to, or instead of, RFC 6749 section 4.4.2. */
  readonly tokenRequest?: EmulatedTokenRequest
  /**
   * Reads the client's credentials; default: from a Basic header, or from the parameters that `tokenRequest` names. A missing
   * client id is accepted, because some vendors use none.
   */
  readonly readCredentials?: (request: RecordedRequest) => Partial<EmulatedCredentials> | undefined
  /** The scopes that can be requested; default: any. */
  readonly scopes?: readonly string[]
  /** The scopes granted if a request names none; default: none. */
  readonly defaultScopes?: readonly string[]
  /** Lifetime of a token, in seconds; default 3600. `null`: tokens never expire and the response has no `expires_in`. */
  readonly lifetime?: number | null
  /** Fields to add to the token response; they replace fields of the same name. */
  readonly extraFields?: Readonly<Record<string, unknown>>
  /** Creates the token response's body in the vendor's format; `extraFields` are then ignored. */
  readonly writeGrant?: (granted: EmulatedGrant) => unknown
  /**
   * Creates headers of the token response, for a vendor that returns the token or its lifetime in headers; default: none.
   */
  readonly writeGrantHeaders?: (granted: EmulatedGrant) => Readonly<Record<string, string>>
  /** Creates an error response of the token endpoint in the vendor's format. */
  readonly writeRefusal?: (refusal: EmulatedRefusal) => Answer
  /** Reads the token of an API request; default: from `Authorization: Bearer`. */
  readonly readToken?: (request: RecordedRequest) => string | undefined
  /** Whether each new token revokes the earlier ones; default false. */
  readonly onlyLatestToken?: boolean
  /** Handles token requests instead of the emulation; `issueToken` issues a token that the API accepts. */
  readonly answerToken?: (request: RecordedRequest, issueToken: IssueToken) => Answer | Promise<Answer>
  /** Path of the token endpoint; default `/token`. */
  readonly tokenPath?: string
  /** Path of the revocation endpoint (RFC 7009); default `/revoke`. `null`: the emulator has none. */
  readonly revocationPath?: string | null
  /** Path of the issuer identifier; default none. RFC 8414 and OpenID Connect Discovery define where its metadata is. */
  readonly issuerPath?: string
  /** Fields to add to the metadata; they replace fields of the same name. */
  readonly extraMetadata?: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** The data of a token response. */
export interface EmulatedGrant {
  readonly accessToken: string
  /** Seconds; `Infinity` for a token that never expires. */
  readonly expiresIn: number
  /** When the token expires. */
  readonly expiresAt: Date
  readonly scopes: readonly string[]
}

/** The data of an error response (RFC 6749 section 5.2). */
export interface EmulatedRefusal {
  readonly status: number
  readonly error: string
  readonly errorDescription: string
}

/** Issues a token like the token endpoint; `lifetime` in seconds, default the emulation's. */
export type IssueToken = (options?: {
  readonly lifetime?: number
  readonly scopes?: readonly string[]
}) => Promise<string>

/** Members that `standardEmulation` adds to its emulator. */
export interface StandardOffers {
  /** Valid credentials, to pass to `createClient`. */
  readonly credentials: EmulatedCredentials
  readonly tokenEndpoint: string
  /** `undefined` if tokens cannot be revoked. */
  readonly revocationEndpoint: string | undefined
  readonly issuer: string
  /** The base URL of the API, which echoes a request of any path and method. */
  readonly apiUrl: string
  /**
   * A URL on the API's origin that redirects to the query's `to` (default `elsewhereUrl`) with its `status` (default 302).
   */
  readonly redirectUrl: string
  /** A URL on a second origin, which echoes requests like the API but requires no token. */
  readonly elsewhereUrl: string
  readonly issueToken: IssueToken
  /** Replaces the secret, by default with a random one; earlier secrets stop working, unless they `overlap`. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
}

/** An emulator of `standardEmulation`. */
export type StandardEmulator = Emulator & StandardOffers

/**
 * Emulates a provider that follows RFC 6749 (Basic or form credentials) and RFC 6750, with an API that echoes requests.
 *
 * @example
 * ```ts
 * await using emulator = await startEmulator(standardEmulation())
 * const { tokenEndpoint, apiUrl, credentials } = emulator
 * await using client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
 * ```
 */
export function standardEmulation(options: StandardEmulationOptions = {}): Emulation<StandardOffers> {
  const now = options.now ?? (() => Date.now())
  const { name = 'standard' } = options
  return { name, otherOrigins: ['elsewhere'], now, build: (site) => build(site, options, now) }
}

async function build(
  site: Site,
  options: StandardEmulationOptions,
  now: () => number,
): Promise<Assembly<StandardOffers>> {
  const { lifetime = 3600, tokenPath = '/token', issuerPath = '', tokenRequest = {}, readToken } = options
  const { revocationPath = '/revoke' } = options
  const client = registerClient(options.clientId ?? 'test-client', options.clientSecret)
  const tokens = await createTokenIssuer('ES256', now, readToken)
  const issuer = `${site.url}${issuerPath}`
  const tokenEndpoint = `${site.url}${tokenPath}`
  const revocationEndpoint = revocationPath === null ? undefined : `${site.url}${revocationPath}`
  const elsewhere = site.origin('elsewhere')

  const issueToken: IssueToken = (wanted = {}) =>
    tokens.issue(
      {
        iss: issuer,
        sub: client.credentials.clientId,
        // Makes tokens of the same second differ, even with a deterministic signature.
        jti: crypto.randomUUID(),
        ...(wanted.scopes && { scope: wanted.scopes.join(' ') }),
      },
      { lifetime: wanted.lifetime ?? lifetime ?? undefined },
    )

  const answerToken = async (request: RecordedRequest): Promise<Answer> => {
    if (options.answerToken !== undefined) return options.answerToken(request, issueToken)

    const read = readParameters(request, tokenRequest)
    if ('refusal' in read) return refuse(read.refusal)
    const { parameter } = read
    const refused =
      refuseClient(request, parameter, options, client.verify) ?? checkRequirements(request, read, tokenRequest)
    if (refused !== undefined) return refuse(refused)
    const { scopeSeparator = ' ' } = tokenRequest
    const scopes = parameter('scope')?.split(scopeSeparator) ?? options.defaultScopes ?? []
    const unknown = scopes.find((scope) => options.scopes !== undefined && !options.scopes.includes(scope))
    if (unknown !== undefined) return refuse(oauthError(400, 'invalid_scope', `unknown scope "${unknown}"`))

    const accessToken = await issueToken({ scopes })
    const expiresIn = lifetime ?? Number.POSITIVE_INFINITY
    const granted = { accessToken, expiresIn, expiresAt: new Date(now() + expiresIn * 1000), scopes }
    const headers = { ...noStoreHeaders, ...options.writeGrantHeaders?.(granted) }
    if (options.writeGrant !== undefined) return { headers, body: options.writeGrant(granted) }
    return {
      headers,
      body: {
        access_token: accessToken,
        token_type: 'Bearer',
        ...(lifetime !== null && { expires_in: lifetime }),
        ...(scopes.length > 0 && { scope: scopes.join(scopeSeparator) }),
        ...options.extraFields,
      },
    }
  }

  /** RFC 7009 section 2: the request is a form, and an unknown token is not an error. */
  const answerRevocation = (request: RecordedRequest): Answer => {
    const read = readParameters(request, {})
    if ('refusal' in read) return refuse(read.refusal)
    const refused = refuseClient(request, read.parameter, options, client.verify)
    if (refused !== undefined) return refuse(refused)
    const token = read.parameter('token')
    if (token === undefined) return refuse(oauthError(400, 'invalid_request', 'token is missing'))
    tokens.revoke(token)
    return { headers: noStoreHeaders }
  }

  /** Converts an error response to the vendor's format, if it has one. */
  const refuse = (answer: Answer): Answer => {
    if (options.writeRefusal === undefined) return answer
    const { error, error_description: errorDescription } = answer.body as { error: string; error_description: string }
    return options.writeRefusal({ status: answer.status ?? 400, error, errorDescription })
  }

  const metadata = {
    issuer,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    response_types_supported: [],
    ...(options.scopes && { scopes_supported: options.scopes }),
    ...options.extraMetadata,
  }

  return {
    tokens,
    secrets: () => client.secrets,
    routes: [
      {
        origin: site.url,
        method: tokenRequest.method ?? 'POST',
        path: pathPattern(tokenPath),
        part: 'token',
        answer: answerToken,
      },
      ...(revocationPath === null
        ? []
        : [
            {
              origin: site.url,
              method: 'POST',
              path: pathPattern(revocationPath),
              part: 'revocation' as const,
              answer: answerRevocation,
            },
          ]),
      // RFC 8414 section 3 appends the issuer's path to the well-known one, OpenID Connect Discovery prepends it.
      ...[
        `/.well-known/oauth-authorization-server${issuerPath}`,
        `${issuerPath}/.well-known/oauth-authorization-server`,
        `${issuerPath}/.well-known/openid-configuration`,
      ].map((path) => ({
        origin: site.url,
        method: 'GET',
        path: pathPattern(path),
        part: 'discovery' as const,
        answer: () => ({ body: metadata }),
      })),
      {
        origin: site.url,
        path: /^\/api(?:\/.*)?$/s,
        part: 'api',
        shows: ['revoked'],
        async answer(request, { fault }) {
          const found = await tokens.verify(request)
          // RFC 6750 section 3.1: the challenge to a request without a token has no error code.
          if (!found.valid && found.why === 'missing') return challenge('Bearer')
          const superseded = found.valid && options.onlyLatestToken === true && found.number !== tokens.issued
          if (!found.valid || superseded || fault?.name === 'revoked') return challenge('Bearer error="invalid_token"')
          return echo(request, readToken)
        },
      },
      {
        origin: site.url,
        path: /^\/redirect$/,
        part: 'api',
        answer: (request) => ({
          status: Number(request.query.get('status') ?? 302),
          headers: { location: request.query.get('to') ?? `${elsewhere}/api/redirected` },
        }),
      },
      { origin: elsewhere, path: /.*/s, answer: (request) => echo(request, readToken) },
    ],
    offers: {
      get credentials() {
        return client.credentials
      },
      tokenEndpoint,
      revocationEndpoint,
      issuer,
      apiUrl: `${site.url}/api`,
      redirectUrl: `${site.url}/redirect`,
      elsewhereUrl: `${elsewhere}/api`,
      issueToken,
      rotateSecret: client.rotateSecret,
    },
  }
}

function refuseClient(
  request: RecordedRequest,
  parameter: ReadParameters,
  options: StandardEmulationOptions,
  verify: (presented: EmulatedCredentials) => string,
): Answer | undefined {
  const { basicEncoding = 'form', readCredentials, tokenRequest = {}, clientId = 'test-client' } = options
  const { clientIdParameter = 'client_id', clientSecretParameter = 'client_secret' } = tokenRequest
  const named = parameter(clientIdParameter)
  const secret = parameter(clientSecretParameter)
  const presented =
    readCredentials === undefined
      ? (readBasic(request, basicEncoding) ??
        (secret === undefined ? undefined : { clientId: named ?? '', clientSecret: secret }))
      : readCredentials(request)
  const consistent = readCredentials !== undefined || named === undefined || named === presented?.clientId
  const { clientSecret } = presented ?? {}
  if (consistent && clientSecret !== undefined) {
    if (verify({ clientId: presented?.clientId ?? clientId, clientSecret }) === 'accepted') return undefined
  }
  const refusal = oauthError(401, 'invalid_client', 'client authentication failed')
  return { ...refusal, headers: { ...noStoreHeaders, 'www-authenticate': 'Basic realm="token"' } }
}

function challenge(value: string): Answer {
  return { status: 401, headers: { 'www-authenticate': value } }
}

/** Echoes a request, without its token. */
function echo(
  request: RecordedRequest,
  readToken: (request: RecordedRequest) => string | undefined = bearerToken,
): Answer {
  const token = readToken(request)
  const headers = [...request.headers].filter(
    ([name, value]) => name !== 'authorization' && (token === undefined || !value.includes(token)),
  )
  return {
    body: {
      method: request.method,
      path: request.path,
      query: request.query.toString(),
      authorized: token !== undefined || request.headers.has('authorization'),
      headers: Object.fromEntries(headers),
      body: request.body,
    },
  }
}
