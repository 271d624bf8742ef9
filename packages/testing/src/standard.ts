/**
 * An authorization server and an API that keep to RFC 6749 and RFC 6750, and to no vendor: for tests of code that works
 * with any provider.
 */
import { type Assembly, type Emulation, exactly, type Site } from './emulation.ts'
import type { Answer } from './faults.ts'
import type { RecordedRequest } from './recorded-request.ts'
import {
  type BasicEncoding,
  type EmulatedCredentials,
  type RotationOptions,
  readBasic,
  registerClient,
} from './registered-client.ts'
import { oauthError, uncached } from './rfc6749.ts'
import type { Emulator } from './start-emulator.ts'
import { bearerToken, createTokenIssuer } from './token-issuer.ts'
import { type EmulatedTokenRequest, type ReadParameters, readParameters, refuseDeparture } from './token-request.ts'

/** How the emulated provider differs from the default. */
export interface StandardEmulationOptions {
  /** The emulation's name; default `'standard'`. */
  readonly name?: string
  /** Default `'test-client'`. */
  readonly clientId?: string
  /** Default: made anew for each emulator, with the characters that encodings differ in. */
  readonly clientSecret?: string
  /** How a Basic header is read; default `'form'`, as RFC 6749 section 2.3.1 says. */
  readonly basicEncoding?: BasicEncoding
  /** How the token endpoint wants to be asked, where that departs from RFC 6749 section 4.4.2. */
  readonly tokenRequest?: EmulatedTokenRequest
  /**
   * Where the client's credentials are; default: a Basic header or, with the names of `tokenRequest`, the parameters. A client
   * id left out is taken for the right one: there are vendors without.
   */
  readonly readCredentials?: (request: RecordedRequest) => Partial<EmulatedCredentials> | undefined
  /** The scopes that may be asked for; default: any. */
  readonly scopes?: readonly string[]
  /** The scopes granted to a request that names none; default: none. */
  readonly defaultScopes?: readonly string[]
  /** Seconds, default 3600; `null`: tokens live for ever and the answer does not say so. */
  readonly lifetime?: number | null
  /** Added to the token answer, in place of its own fields where the names are the same. */
  readonly extraFields?: Readonly<Record<string, unknown>>
  /** The body of the token answer in the vendor's own shape; `extraFields` then have no meaning. */
  readonly writeGrant?: (granted: EmulatedGrant) => unknown
  /** Headers of the token answer, for a vendor that has the token or its life there; default: none of the vendor's own. */
  readonly writeGrantHeaders?: (granted: EmulatedGrant) => Readonly<Record<string, string>>
  /** The answer to a refused token request in the vendor's own shape. */
  readonly writeRefusal?: (refusal: EmulatedRefusal) => Answer
  /** Where a request to the API carries its token; default `Authorization: Bearer`. */
  readonly readToken?: (request: RecordedRequest) => string | undefined
  /** Whether each new token ends the life of those before; default false. */
  readonly onlyLatestToken?: boolean
  /** Answers the token endpoint in place of the emulation; `issueToken` makes a token that the API accepts. */
  readonly answerToken?: (request: RecordedRequest, issueToken: IssueToken) => Answer | Promise<Answer>
  /** Default `/token`. */
  readonly tokenPath?: string
  /** Where tokens are revoked (RFC 7009), default `/revoke`; `null`: nowhere. */
  readonly revocationPath?: string | null
  /** The path of the issuer identifier, default none; its metadata is where RFC 8414 and OpenID Connect Discovery put it. */
  readonly issuerPath?: string
  /** Added to the metadata, in place of its own fields where the names are the same. */
  readonly extraMetadata?: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** What a token answer has to say. */
export interface EmulatedGrant {
  readonly accessToken: string
  /** Seconds; those of a token that lives for ever are `Infinity`. */
  readonly expiresIn: number
  /** When it ends. */
  readonly expiresAt: Date
  readonly scopes: readonly string[]
}

/** What the refusal of a token request has to say, in the words of RFC 6749 section 5.2. */
export interface EmulatedRefusal {
  readonly status: number
  readonly error: string
  readonly errorDescription: string
}

/** Makes a token as the token endpoint would; `lifetime` in seconds, by default the emulation's. */
export type IssueToken = (options?: {
  readonly lifetime?: number
  readonly scopes?: readonly string[]
}) => Promise<string>

/** What an emulator of `standardEmulation` has beyond every emulator's own. */
export interface StandardOffers {
  /** What the token endpoint accepts, ready for `createClient`. */
  readonly credentials: EmulatedCredentials
  readonly tokenEndpoint: string
  /** `undefined` if tokens cannot be revoked. */
  readonly revocationEndpoint: string | undefined
  readonly issuer: string
  /** The base URL of the API, which answers any path and method with what it was asked. */
  readonly apiUrl: string
  /** On the API's origin: redirects to the query's `to`, by default to `elsewhereUrl`, with its `status`, by default 302. */
  readonly redirectUrl: string
  /** A second origin; answers as the API does, and asks for no token. */
  readonly elsewhereUrl: string
  readonly issueToken: IssueToken
  /** Replaces the secret, by default with a new one; those before are refused from now on, unless they `overlap`. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
}

/** An emulator of `standardEmulation`. */
export type StandardEmulator = Emulator & StandardOffers

/** A provider that keeps to RFC 6749 (Basic or form credentials) and RFC 6750, with an API that says what it was asked. */
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
        // Without it, two tokens of one second would be one and the same where the algorithm is deterministic.
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
      refuseClient(request, parameter, options, client.judge) ?? refuseDeparture(request, read, tokenRequest)
    if (refused !== undefined) return refuse(refused)
    const { scopeSeparator = ' ' } = tokenRequest
    const scopes = parameter('scope')?.split(scopeSeparator) ?? options.defaultScopes ?? []
    const unknown = scopes.find((scope) => options.scopes !== undefined && !options.scopes.includes(scope))
    if (unknown !== undefined) return refuse(oauthError(400, 'invalid_scope', `unknown scope "${unknown}"`))

    const accessToken = await issueToken({ scopes })
    const expiresIn = lifetime ?? Number.POSITIVE_INFINITY
    const granted = { accessToken, expiresIn, expiresAt: new Date(now() + expiresIn * 1000), scopes }
    const headers = { ...uncached, ...options.writeGrantHeaders?.(granted) }
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

  /** RFC 7009 section 2: always a form, and a token that is not known is no error. */
  const answerRevocation = (request: RecordedRequest): Answer => {
    const read = readParameters(request, {})
    if ('refusal' in read) return refuse(read.refusal)
    const refused = refuseClient(request, read.parameter, options, client.judge)
    if (refused !== undefined) return refuse(refused)
    const token = read.parameter('token')
    if (token === undefined) return refuse(oauthError(400, 'invalid_request', 'token is missing'))
    tokens.revoke(token)
    return { headers: uncached }
  }

  /** A refusal in the vendor's words, where it has its own. */
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
        path: exactly(tokenPath),
        part: 'token',
        answer: answerToken,
      },
      ...(revocationPath === null
        ? []
        : [
            {
              origin: site.url,
              method: 'POST',
              path: exactly(revocationPath),
              part: 'revocation' as const,
              answer: answerRevocation,
            },
          ]),
      // RFC 8414 section 3 puts the issuer's path behind the well-known one, OpenID Connect Discovery before it.
      ...[
        `/.well-known/oauth-authorization-server${issuerPath}`,
        `${issuerPath}/.well-known/oauth-authorization-server`,
        `${issuerPath}/.well-known/openid-configuration`,
      ].map((path) => ({
        origin: site.url,
        method: 'GET',
        path: exactly(path),
        part: 'discovery' as const,
        answer: () => ({ body: metadata }),
      })),
      {
        origin: site.url,
        path: /^\/api(?:\/.*)?$/s,
        part: 'api',
        shows: ['revoked'],
        async answer(request, { fault }) {
          const found = await tokens.examine(request)
          // RFC 6750 section 3.1: a request without a token is told no error code.
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
  judge: (presented: EmulatedCredentials) => string,
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
    if (judge({ clientId: presented?.clientId ?? clientId, clientSecret }) === 'accepted') return undefined
  }
  const refusal = oauthError(401, 'invalid_client', 'client authentication failed')
  return { ...refusal, headers: { ...uncached, 'www-authenticate': 'Basic realm="token"' } }
}

function challenge(value: string): Answer {
  return { status: 401, headers: { 'www-authenticate': value } }
}

/** What was asked; of the token only whether it was there. */
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
