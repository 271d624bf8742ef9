import * as v from 'valibot'
import type { NightlatchError } from '../errors.ts'
import type { Fetch } from '../platform/fetch.ts'
import { findUrlMistake } from '../platform/url-mistakes.ts'
import { exactObject, findMistakes, ownMembers } from '../platform/validation.ts'
import type { AccessToken } from './access-token.ts'
import type { ClientAuthentication } from './authentication-method.ts'
import type { TokenParameters } from './token-request.ts'
import { providerParametersSchema, scopesSchema } from './token-request.ts'
import type { TokenAnswer, TokenFields } from './token-response.ts'

/**
 * Describes a provider as plain readonly data, with optional functions for what data cannot express. `createClient` validates it.
 *
 * @typeParam Info the discovery's result besides the API's base URL; `undefined` without discovery
 */
export interface Provider<Info = unknown> {
  /** Lower-case slug, for messages, telemetry and the command line. */
  readonly name: string
  /** The URL of token requests. It is used unchanged, query included. */
  readonly tokenEndpoint?: string | URL
  /**
   * The URL where `client.revoke()` revokes tokens, used unchanged. Default: the one in the issuer's metadata, if it is read.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc7009#section-2 RFC 7009 section 2}
   */
  readonly revocationEndpoint?: string | URL
  /**
   * The authorization server's issuer identifier. Without `tokenEndpoint`, its metadata names the endpoint.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3 RFC 8414 section 3}
   */
  readonly issuer?: string | URL
  /** How the issuer's metadata is read. Default: it must name the provider's issuer. */
  readonly issuerMetadata?: IssuerMetadataTerms
  /** Scopes to request if the client sets none. Default: no `scope` is sent. */
  readonly scopes?: readonly string[]
  /** Parameters of every token request, such as `audience`; empty ones are not sent. Default: none. */
  readonly parameters?: TokenParameters
  /** Differences from the token request of RFC 6749 section 4.4.2. Default: none. */
  readonly tokenRequest?: TokenRequestFormat
  /** Lifetime in seconds if neither the response nor the token has one. Default: unknown, so that a token is cached for a minute. */
  readonly defaultLifetime?: number
  /**
   * Whether tokens are bound to a key: the client's `dpopKey`, or one generated for the client. Default `false`.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449 RFC 9449}
   */
  readonly dpop?: boolean
  /** Origins that may receive the token, in addition to the API's own; `*` stands for one label: `https://*.example.com`. Default: none. */
  readonly apiOrigins?: readonly string[]

  /**
   * Adds the credentials to the token request. Default `clientSecretBasic()`, or, if the issuer's metadata names the token endpoint,
   * a method in the metadata that works with the credentials.
   */
  readonly clientAuthentication?: ClientAuthentication
  /** Reads the token response. Default `readStandardTokenResponse`, which reads snake_case and camelCase. */
  readonly readTokenResponse?: (answer: TokenAnswer) => TokenFields
  /** The API's base URL, or a function that discovers it with the token. Default: none, so that requests need absolute URLs. */
  readonly api?: string | URL | ((context: DiscoveryContext) => Promise<DiscoveredApi<Info>>)
  /** Sets the token on a request's headers. Default `Authorization: Bearer <token>`. */
  readonly authorizeRequest?: (headers: Headers, token: AccessToken) => void
  /** Which of the API's responses mean that it rejected the token, so that the client replaces it. Default: status 401. */
  readonly tokenRejection?: TokenRejection
  /** Returns hints for people: what to check after this failure. Default: none. */
  readonly explain?: (failure: Failure) => readonly string[]
}

/** How an issuer's metadata is read. */
export interface IssuerMetadataTerms {
  /**
   * Another issuer that the metadata may name, such as that of a server behind a proxy; assertions are then made for it. Default:
   * none.
   */
  readonly acceptIssuer?: string | URL
}

/** Differences of a token request from RFC 6749 section 4.4.2. */
export interface TokenRequestFormat {
  /** Default `'POST'`; with `'GET'` the parameters are in the query. */
  readonly method?: 'POST' | 'GET'
  /** Default `'form'`; with `'none'` the parameters are in the query. */
  readonly bodyFormat?: 'form' | 'json' | 'none'
  /** The `grant_type`; `null`: it is not sent. Default `'client_credentials'`. */
  readonly grantType?: string | null
  /** Joins the scopes. Default a space. */
  readonly scopeSeparator?: string
  /**
   * Additional headers, which override the defaults (`Accept`, `Content-Type`). A function is called for each HTTP attempt, such as
   * for a correlation id; it must not return a secret, because an error may quote its value. Default: none.
   */
  readonly headers?: Readonly<Record<string, string | (() => string)>>
}

/**
 * Which responses of an API mean that it rejected the token.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3.1 RFC 6750 section 3.1}
 */
export interface TokenRejection {
  /** These statuses replace 401, so list 401, too, if the API uses it. Default `[401]`. */
  readonly statuses?: readonly number[]
  /**
   * Called for each JSON response of at most 64 KiB, unless `statuses` contains its status. Default: none.
   *
   * @param body parsed JSON
   * @returns whether the API rejected the token; an exception counts as `false`
   */
  readonly body?: (body: unknown, answer: { readonly status: number; readonly headers: Headers }) => boolean
}

/** A failed grant, a failed discovery, or an API's error response. */
export type Failure = NightlatchError | { readonly status: number; readonly url: URL; readonly body: unknown }

/** The argument of a provider's `api` function. */
export interface DiscoveryContext {
  /** Adds the token to requests to the token endpoint's origin and the `apiOrigins`. */
  readonly fetch: Fetch
  readonly token: AccessToken
  readonly tokenEndpoint: URL
  /** Aborts at the discovery's deadline; pass it to `fetch`. */
  readonly signal: AbortSignal
}

/** The result of a provider's `api` function. */
export interface DiscoveredApi<Info> {
  /** The API's base URL; its origin must be the token endpoint's, or one of `apiOrigins`. */
  readonly baseUrl: string | URL
  /** What `client.info()` resolves to. */
  readonly info: Info
}

const aFunction = v.function('must be a function')
const url = v.union([v.string(), v.instance(URL)], 'must be a URL, as a string or a URL object')

/** A URL that is only compared. Nothing is sent there, so `http://keycloak:8080/realms/acme` is fine. */
const anyUrl = v.pipe(
  url,
  v.check((value) => URL.canParse(value), 'must be an absolute URL'),
)

const headerRecord = v.pipe(
  v.record(
    v.string(),
    v.union([v.string(), v.function()], 'must be a string, or a function that returns one'),
    'must be an object of strings',
  ),
  v.check((record) => areHeaders(record), 'must contain valid header names and values'),
)

/** Whether names and values are valid. The value of a function is checked with each call, so its name stands for it here. */
function areHeaders(record: Readonly<Record<string, unknown>>): boolean {
  const headers = new Headers()
  try {
    for (const [name, value] of Object.entries(record)) headers.set(name, typeof value === 'string' ? value : name)
    return true
  } catch {
    // The platform rejects an invalid name or value with an exception.
  }
  return false
}

/** Whether a text is an origin, whose first labels may be `*`. */
function isOriginPattern(pattern: string): boolean {
  const lower = pattern.toLowerCase()
  const scheme = ['https://', 'http://'].find((one) => lower.startsWith(one))
  if (scheme === undefined) return false
  const authority = lower.slice(scheme.length, lower.endsWith('/') ? -1 : undefined)
  const host = authority.replace(/:\d{1,5}$/, '')
  if (host.startsWith('[')) return /^\[[0-9a-f:]+\]$/.test(host)
  const labels = host.split('.')
  const fixed = labels.slice(labels.lastIndexOf('*') + 1)
  const isWildInFront = labels.slice(0, labels.length - fixed.length).every((label) => label === '*')
  return isWildInFront && fixed.every((label) => /^[a-z0-9-]+$/.test(label))
}

/** Whether a pattern has at least two fixed labels, because `https://*.com` would match any company. */
function hasFixedLabels(pattern: string): boolean {
  const [, ...fixed] = pattern.slice(pattern.lastIndexOf('*')).split('.')
  return !pattern.includes('*') || fixed.length > 1
}

const apiOrigin = v.pipe(
  v.string('must be a string'),
  v.check(isOriginPattern, 'must be an origin such as https://api.example.com or https://*.example.com'),
  v.check(hasFixedLabels, 'must have at least two labels after the *'),
  v.check((pattern) => URL.canParse(pattern), 'must be a valid origin'),
)

/** Not exact, because a client authentication may have its own fields. */
const clientAuthentication = v.looseObject(
  {
    name: v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty')),
    requires: v.optional(v.picklist(['clientSecret', 'privateKey'], "must be 'clientSecret' or 'privateKey'")),
    source: v.optional(aFunction),
    authenticate: aFunction,
  },
  'must be an object with name and authenticate, such as clientSecretPost()',
)

const providerSchema = exactObject(
  {
    name: v.pipe(
      v.string('must be a string'),
      v.check(
        (name) => name.split('-').every((part) => /^[a-z0-9]+$/.test(part)),
        'must be a lower-case slug such as my-provider',
      ),
    ),
    tokenEndpoint: v.optional(url),
    revocationEndpoint: v.optional(url),
    issuer: v.optional(url),
    issuerMetadata: v.optional(exactObject({ acceptIssuer: v.optional(anyUrl) }, 'must be an object')),
    scopes: v.optional(scopesSchema),
    parameters: v.optional(providerParametersSchema),
    tokenRequest: v.optional(
      exactObject(
        {
          method: v.optional(v.picklist(['POST', 'GET'], "must be 'POST' or 'GET'")),
          bodyFormat: v.optional(v.picklist(['form', 'json', 'none'], "must be 'form', 'json' or 'none'")),
          grantType: v.optional(v.nullable(v.pipe(v.string('must be a string or null'), v.nonEmpty('is empty')))),
          scopeSeparator: v.optional(v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty'))),
          headers: v.optional(headerRecord),
        },
        'must be an object',
      ),
    ),
    defaultLifetime: v.optional(
      v.pipe(
        v.number('must be a number of seconds'),
        v.finite('must be finite'),
        v.gtValue(0, 'must be more than 0 seconds'),
        v.maxValue(10 * 365 * 24 * 3600, 'must be at most ten years, in seconds'),
      ),
    ),
    dpop: v.optional(v.boolean('must be true or false')),
    apiOrigins: v.optional(v.array(apiOrigin, 'must be an array of origins')),
    clientAuthentication: v.optional(clientAuthentication),
    readTokenResponse: v.optional(aFunction),
    api: v.optional(
      v.union([v.string(), v.instance(URL), v.function()], 'must be a URL or a function that discovers it'),
    ),
    authorizeRequest: v.optional(aFunction),
    tokenRejection: v.optional(
      exactObject(
        {
          statuses: v.optional(
            v.array(
              v.pipe(
                v.number('must be an HTTP status'),
                v.integer('must be an HTTP status'),
                v.minValue(200, 'must be an HTTP status from 200 to 599'),
                v.maxValue(599, 'must be an HTTP status from 200 to 599'),
              ),
              'must be an array of HTTP statuses',
            ),
          ),
          body: v.optional(aFunction),
        },
        'must be an object',
      ),
    ),
    explain: v.optional(aFunction),
  },
  'must be an object',
)

/** Finds what is wrong with a provider, one message each. */
export function findProviderMistakes(given: Provider, allowInsecureRequests: boolean): readonly string[] {
  const mistakes = findMistakes(providerSchema, given, 'provider')
  if (typeof given !== 'object' || given === null) return mistakes
  // The client copies own members only, so the methods of a class would be lost.
  const prototype: unknown = Object.getPrototypeOf(given)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return [...mistakes, 'provider must be a plain object, not an instance of a class']
  }
  const provider = ownMembers(given)
  const { tokenEndpoint, revocationEndpoint, issuer, issuerMetadata, api, apiOrigins } = provider
  const origins = mistakes.some((mistake) => mistake.startsWith('provider.apiOrigins')) ? [] : (apiOrigins ?? [])
  const urls: readonly (readonly [string, unknown])[] = [
    ...Object.entries({ tokenEndpoint, revocationEndpoint, issuer, api }),
    ...origins.map((origin, index) => [`apiOrigins.${index}`, origin] as const),
  ]
  const wrong = urls.flatMap(([name, value]) => {
    // Any other type was reported by the schema.
    if (typeof value !== 'string' && !(value instanceof URL)) return []
    const mistake = findUrlMistake(value, allowInsecureRequests)
    return mistake === undefined ? [] : [`provider.${name} ${mistake}`]
  })
  if (String(issuer).includes('/.well-known/')) {
    wrong.push('provider.issuer must be the issuer itself, without /.well-known/ and the rest')
  }
  if (provider.dpop === true && provider.tokenRequest?.method === 'GET') {
    wrong.push(
      'provider.tokenRequest.method must be POST with dpop, because openid-client creates proofs for POST only',
    )
  }
  if (issuerMetadata !== undefined && tokenEndpoint !== undefined) {
    wrong.push(
      'provider.issuerMetadata has no effect beside tokenEndpoint, because no metadata is read. Remove one of the two.',
    )
  }
  if (tokenEndpoint === undefined && issuer === undefined) {
    wrong.push('provider.tokenEndpoint is missing. Set it, or set `issuer` if its metadata names the endpoint.')
  }
  return [...mistakes, ...wrong]
}

/**
 * Copies a provider, because the caller may change its object later. The copy inherits nothing, so that an
 * `Object.prototype.apiOrigins` cannot add allowed origins.
 */
export function copyDescription<Info>(given: Provider<Info>): Provider<Info> {
  const copy = ownMembers(given)
  const { tokenRequest, issuerMetadata, tokenRejection } = copy
  return Object.assign(copy, {
    ...(tokenRequest && { tokenRequest: ownMembers(tokenRequest) }),
    ...(issuerMetadata && { issuerMetadata: ownMembers(issuerMetadata) }),
    ...(tokenRejection && { tokenRejection: ownMembers(tokenRejection) }),
  })
}

/** Whether the issuer's metadata decides how the client authenticates: it is read, and the provider sets no method. */
export function choosesAuthenticationLater(provider: Provider): boolean {
  return provider.clientAuthentication === undefined && provider.tokenEndpoint === undefined
}

/** Whether the client authenticates by a JWT that another party signs. */
export function hasAssertionSource(provider: Provider<unknown> | null | undefined): boolean {
  return provider?.clientAuthentication?.source !== undefined
}
